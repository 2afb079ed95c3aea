//! How a line of the log looks, for people and for machines. Every text in it passes the filter here, whatever wrote it:
//! what comes from a server, a file or the environment cannot obey a terminal, tell a secret or have no end.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::text::printable;

/// One line an event.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// As one JSON object.
    pub json: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        match self.json {
            true => {
                writeln!(writer, "{}", fields.object(&time, meta.level().as_str(), meta.target()))
            }
            false => writeln!(writer, "{time} {:>5} {fields}", meta.level()),
        }
    }
}

/// What an event says: the sentence, and the fields beside it in their order.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: String,
    others: Vec<(&'static str, Value)>,
    /// Names of fields whose text stands as it is, without quotation marks, in lines for people.
    plain: Vec<&'static str>,
}

impl Fields {
    /// The seconds of an event that tells what is waited for.
    pub(super) fn waited(&self) -> Option<u64> {
        self.others.iter().find(|(name, _)| *name == "waited_s")?.1.as_u64()
    }

    fn object(self, time: &str, level: &str, target: &str) -> Value {
        let mut object = Map::new();
        object.insert("timestamp".into(), time.into());
        object.insert("level".into(), level.into());
        object.insert("message".into(), self.message.into());
        object.extend(self.others.into_iter().map(|(name, value)| (name.to_owned(), value)));
        object.insert("target".into(), target.into());
        Value::Object(object)
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (name, value) in &self.others {
            write!(f, " {name}=")?;
            match value {
                Value::String(text) if self.plain.contains(name) => f.write_str(text)?,
                Value::String(text) => write!(f, "\"{}\"", text.replace('"', "\\\""))?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Bounded::default();
        // Where it is full, what follows does not matter any more.
        let _ = write!(text, "{value:?}");
        if field.name() == "message" {
            self.message = printable::sentence(&text.0);
        } else {
            self.plain.push(field.name());
            self.others.push((field.name(), printable::value(&text.0).into()));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = printable::sentence(value);
        } else {
            self.others.push((field.name(), printable::value(value).into()));
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.others.push((field.name(), value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.others.push((field.name(), value.into()));
    }
}

/// A text that takes no more than what is looked at anyway.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = printable::WINDOW + 1 - self.0.len().min(printable::WINDOW + 1);
        self.0.push_str(printable::head(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}
