//! Errors of the API: a status and a text, which real servers send in lower case, but for a few.

use authentik_sim::plumbing::Reply;
use serde_json::{Value, json};

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    text: String,
    /// Whether the text keeps its case.
    verbatim: bool,
}

/// What a handler gives.
pub(crate) type Answered<T = Value> = Result<T, Failure>;

impl Failure {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), verbatim: false }
    }

    /// A request that cannot be read.
    pub(crate) fn unreadable(text: &str) -> Self {
        Self { status: 400, text: text.to_owned(), verbatim: true }
    }

    /// A body that is no JSON, or JSON of another shape.
    pub(crate) fn no_json() -> Self {
        Self::unreadable("couldn't parse JSON request")
    }

    /// A value that will not do.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(422, text)
    }

    pub(crate) fn unauthorized(text: &str) -> Self {
        Self::new(401, text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(403, text)
    }

    /// Whose role does not allow it.
    pub(crate) fn denied() -> Self {
        Self::forbidden("permission denied")
    }

    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(404, text)
    }

    pub(crate) fn no_user(id: &str) -> Self {
        Self::not_found(format!("user: {id} not found"))
    }

    pub(crate) fn exists(text: impl Into<String>) -> Self {
        Self::new(409, text)
    }

    /// Something must be otherwise first.
    pub(crate) fn too_early(text: &str) -> Self {
        Self::new(412, text)
    }

    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::new(500, text)
    }

    /// An error whose text is not told.
    pub(crate) fn hidden() -> Self {
        Self::internal("internal server error")
    }

    pub(crate) fn reply(&self) -> Reply {
        let text = if self.verbatim { self.text.clone() } else { self.text.to_lowercase() };
        json_reply(self.status, &json!({"message": text, "code": self.status}))
    }
}

/// JSON as this API sends it.
pub(crate) fn json_reply(status: u16, body: &Value) -> Reply {
    let mut reply = Reply::json(status, body);
    reply.set_content_type("application/json; charset=UTF-8");
    reply
}
