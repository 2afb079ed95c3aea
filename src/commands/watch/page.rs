//! `GET /`: how the sidecar stands, for somebody whose login fails and who has no shell. The port is open to neighbours:
//! the page is made of this program's own words, with no name, address or value of Authentik in it.

use std::fmt::Write;
use std::time::SystemTime;

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use super::restarts::Restarts;
use crate::error::Exit;
use crate::proof::{CheckId, Group, Outcome};

/// HTML, and not to be taken for anything else.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// No script, nothing loaded, and only this very style sheet, by its digest.
pub const HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'sha256-Ns4C0HuCFJh7Hd0/QcBtxI7X9+AILNzUf4w3jiGB5No='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #8886}\
caption{text-align:left;font-weight:bold;padding:1rem 0 .2rem}\
td:first-child{width:12rem}\
.state{font-size:1.3rem;border-left:.4rem solid;padding-left:.8rem}\
.pass{color:#18794e}.warn{color:#ad5700}.fail{color:#cd2b31}.none{color:#888}\
dt{margin-top:.8rem;font-weight:bold}dt:target{outline:2px solid;outline-offset:.2rem}";

/// How the last cycle went.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// When it ended.
    pub ended: SystemTime,
    /// Why it failed, if it did.
    pub failure: Option<Exit>,
    /// What was checked; of several checks of one kind the worst counts.
    pub checks: Vec<(CheckId, Outcome)>,
    /// Services that still run with earlier files.
    pub restarts: Restarts,
}

/// The page. `well` says whether all is well, else why not, in this program's own words.
pub fn render(
    well: &Result<(), String>,
    last: Option<&Cycle>,
    waiting_for: Option<&str>,
    now: SystemTime,
) -> String {
    let mut body = String::new();
    match well {
        Ok(()) => body.push_str(
            "<p class=\"state pass\">OK: NetBird's files are in place, and a login was verified.</p>\n",
        ),
        Err(why) => {
            let _ = writeln!(body, "<p class=\"state fail\">Not OK: {}.</p>", text(why));
        }
    }
    if let Some(what) = waiting_for {
        let _ = writeln!(body, "<p>It is waiting for {} now.</p>", text(what));
    }
    body.push_str("<h2>The last cycle</h2>\n");
    match last {
        None => body.push_str("<p>None has ended yet since this container started.</p>\n"),
        Some(cycle) => body.push_str(&last_cycle(cycle, now)),
    }
    body.push_str("<h2>Services to restart</h2>\n");
    body.push_str(&services(last));
    body.push_str("<h2>Checks of the last cycle</h2>\n");
    body.push_str(&checks(last));
    body.push_str("<h2>What to do</h2>\n<p>The same table, with more around it, is in the documentation, on the page about troubleshooting.</p>\n<dl>\n");
    for id in CheckId::ALL {
        let entry = id.entry();
        let (name, symptom, fix) = (text(entry.name), marked(entry.symptom), marked(entry.fix));
        let _ = writeln!(
            body,
            "<dt id=\"{name}\">{name}</dt><dd>When it fails: {symptom}.<br>What to do: {fix}.</dd>"
        );
    }
    body.push_str("</dl>\n");
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>netbird-authentik-init</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>netbird-authentik-init {version}</h1>\n{body}</body>\n</html>\n"
    )
}

fn last_cycle(cycle: &Cycle, now: SystemTime) -> String {
    let ended = httpdate::fmt_http_date(cycle.ended);
    let age = now.duration_since(cycle.ended).unwrap_or_default().as_secs();
    let how = match cycle.failure {
        None => "<span class=\"pass\">good</span>".to_owned(),
        Some(exit) => format!("<span class=\"fail\">failed: {}</span>", text(exit.meaning())),
    };
    let more = match cycle.failure {
        None => "",
        Some(_) => " The log of this container says what happened, why, and what to do.",
    };
    format!("<p>It ended {ended}, {age} s ago, {how}.{more}</p>\n")
}

fn services(last: Option<&Cycle>) -> String {
    let needed = last.iter().flat_map(|cycle| cycle.restarts.needed());
    let items: String = needed
        .map(|(service, since)| {
            let since = httpdate::fmt_http_date(since);
            format!(
                "<li class=\"warn\">{}: its file was replaced {since}</li>\n",
                text(service.remedy())
            )
        })
        .collect();
    match items.is_empty() {
        true => "<p>None: no file was replaced since this container started.</p>\n".to_owned(),
        false => format!(
            "<ul>\n{items}</ul>\n<p>If that was done since, restart this container too: it cannot see it.</p>\n"
        ),
    }
}

fn checks(last: Option<&Cycle>) -> String {
    let asked = last.map_or(&[][..], |cycle| &cycle.checks);
    let mut out = String::new();
    let mut shown: Option<Group> = None;
    let mut ids = CheckId::ALL.to_vec();
    ids.sort_by_key(|id| (id.entry().group, *id));
    for id in ids {
        let entry = id.entry();
        if shown != Some(entry.group) {
            let end = if shown.is_some() { "</table>\n" } else { "" };
            let _ = writeln!(out, "{end}<table>\n<caption>{}</caption>", text(entry.group.name()));
            shown = Some(entry.group);
        }
        let outcome = asked.iter().filter(|(asked, _)| *asked == id).map(|(_, o)| *o).max();
        let (class, word) = match outcome {
            Some(Outcome::Pass) => ("pass", "OK"),
            Some(Outcome::Warn) => ("warn", "a warning"),
            Some(Outcome::Fail) => ("fail", "failed"),
            Some(Outcome::Skipped) => ("none", "not set up"),
            None => ("none", "not asked"),
        };
        let name = text(entry.name);
        let _ = writeln!(
            out,
            "<tr><td><a href=\"#{name}\">{name}</a></td><td class=\"{class}\">{word}</td></tr>"
        );
    }
    out.push_str(
        "</table>\n<p>Those that were not asked are asked by the command <code>check</code>.</p>\n",
    );
    out
}

/// Text as HTML.
fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The catalogue's words, whose backticks mark what is typed or read.
fn marked(words: &str) -> String {
    let mut out = String::new();
    for (index, part) in text(words).split('`').enumerate() {
        let _ = match index % 2 {
            0 => write!(out, "{part}"),
            _ => write!(out, "<code>{part}</code>"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::config::Output;

    #[test]
    fn the_policy_names_this_very_style_sheet() {
        let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
        let source = format!("'sha256-{}'", STANDARD.encode(digest));
        assert!(HEADERS[0].1.contains(&source), "{source}");
    }

    #[test]
    fn it_says_what_is_wrong_and_what_to_restart() {
        let mut restarts = Restarts::default();
        restarts.replaced(&[Output::ManagementJson, Output::SetupEnv], SystemTime::UNIX_EPOCH);
        let checks = vec![
            (CheckId::Authorize, Outcome::Pass),
            (CheckId::Authorize, Outcome::Fail),
            (CheckId::Clock, Outcome::Warn),
        ];
        let cycle = Cycle {
            ended: SystemTime::UNIX_EPOCH,
            failure: Some(Exit::Protocol),
            checks,
            restarts,
        };
        let well = Err("the last cycle failed: an answer does not fit (76)".to_owned());
        let page = render(&well, Some(&cycle), Some("Authentik to answer"), SystemTime::UNIX_EPOCH);
        for part in [
            "Not OK: the last cycle failed: an answer does not fit (76).",
            "waiting for Authentik to answer now",
            "<a href=\"#authorize\">authorize</a></td><td class=\"fail\">failed",
            "<a href=\"#clock\">clock</a></td><td class=\"warn\">a warning",
            "<a href=\"#cors\">cors</a></td><td class=\"none\">not asked",
            "<dt id=\"cors\">cors</dt>",
            "restart NetBird's management: its file was replaced Thu, 01 Jan 1970",
        ] {
            assert!(page.contains(part), "{part} in:\n{page}");
        }
        assert_eq!(page.matches("<li").count(), 1, "nobody runs from setup.env");
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
        let fresh = render(&Ok(()), None, None, SystemTime::UNIX_EPOCH);
        assert!(fresh.contains("state pass") && !fresh.contains("<li"), "{fresh}");
    }

    #[test]
    fn words_are_text() {
        assert_eq!(text("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
        assert_eq!(marked("see `a<b`, then c"), "see <code>a&lt;b</code>, then c");
    }
}
