//! While objects are missing that Authentik makes by itself, one after another, nothing else is asked for: a server that
//! is still starting has other work to do. Everything is looked at again when they are there.

use super::desired::Desired;
use super::observe::Observed;
use super::plan::{Lacking, Question, References};
use crate::authentik::Reader;
use crate::authentik::redirect::Shape;
use crate::http::Trouble;

/// The last look at everything, with what has come since.
#[derive(Debug)]
pub struct Awaited {
    /// What this release is asked to hold.
    pub desired: Desired,
    /// What was there.
    pub observed: Observed,
}

impl Awaited {
    /// Asks for what is missing, kind by kind, up to the first that is still missing; nothing if all of it is there.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn ask(
        &mut self,
        reader: Reader<'_>,
        shape: Option<Shape>,
    ) -> Result<Option<Lacking>, Trouble> {
        let mut asked: Vec<Question> = Vec::new();
        loop {
            let resolved = References::resolve(&self.desired, &self.observed, shape);
            let Err(lacking) = resolved else { return Ok(None) };
            match lacking.question() {
                Some(question) if !asked.contains(question) => {
                    self.look(reader, question).await?;
                    asked.push(question.clone());
                }
                _ => return Ok(Some(lacking)),
            }
        }
    }

    async fn look(&mut self, reader: Reader<'_>, question: &Question) -> Result<(), Trouble> {
        let observed = &mut self.observed;
        match question {
            Question::Flow(slug) => {
                let flow = reader.flow(slug).await?;
                observed.flows.get_or_insert_default().extend(flow);
            }
            Question::Flows => observed.flows = Some(reader.flows().await?),
            Question::ScopeMappings => {
                observed.scope_mappings = reader.scope_mappings(observed.release).await?;
            }
            Question::KeyPairs => observed.key_pairs = reader.key_pairs(observed.release).await?,
            Question::Brand => {
                let now = reader.current_brand(observed.release).await?;
                let before = observed.brand.as_ref().map(|brand| &brand.matched_domain);
                // Until there is a brand, Authentik speaks of a fallback that no list has.
                if before != Some(&now.matched_domain) {
                    observed.brands = Some(reader.brands(observed.release).await?);
                }
                observed.brand = Some(now);
            }
        }
        Ok(())
    }
}
