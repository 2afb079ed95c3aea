//! The provider's pages, as far as a program that fills in their forms can tell them from real ones.

use authentik_sim::plumbing::Reply;

/// Escapes for HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;")
}

/// A whole page.
pub(crate) fn page(status: u16, body: &str) -> Reply {
    let text = format!(
        "<!DOCTYPE html>\n<html><head><title>NetBird</title></head><body>\n{body}\n</body></html>\n"
    );
    let mut reply = Reply::html(status, "");
    reply.body = text.into_bytes();
    reply
}

/// A page that says what went wrong.
pub(crate) fn error(status: u16, text: &str) -> Reply {
    let title = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        _ => "Internal Server Error",
    };
    page(status, &format!("<h1>{title}</h1>\n<p>{}</p>", escaped(text)))
}

/// A redirection. Go writes a page for a GET only.
pub(crate) fn redirect(method: &str, status: u16, location: &str) -> Reply {
    let reply = if method == "POST" {
        Reply::empty(status)
    } else {
        let text = if status == 303 { "See Other" } else { "Found" };
        let mut reply = Reply::html(status, "");
        reply.body = format!("<a href=\"{}\">{text}</a>.\n\n", escaped(location)).into_bytes();
        reply
    };
    reply.with("Location", location)
}

/// The form for a password. `tried` is the address that did not do.
pub(crate) fn login(action: &str, tried: Option<&str>) -> Reply {
    let action = escaped(action);
    let (name, focus_name, focus_password) = match tried {
        Some(tried) => (format!(" value=\"{}\"", escaped(tried)), "", " autofocus"),
        None => (String::new(), " autofocus", ""),
    };
    let wrong = if tried.is_some() { "<p>Invalid Email Address or password.</p>\n" } else { "" };
    let body = format!(
        "<h1>Sign in</h1>\n<p>Enter your credentials</p>\n{wrong}<form method=\"post\" action=\"{action}\">\n\
         <label>Email Address</label>\n\
         <input type=\"text\" id=\"login\" name=\"login\" class=\"nb-input\" autocomplete=\"username\" \
         placeholder=\"Enter your email address\"{name}{focus_name} required >\n\
         <label>Password</label>\n\
         <input type=\"password\" id=\"password\" name=\"password\" class=\"nb-input\" \
         autocomplete=\"current-password\" placeholder=\"Enter your password\"{focus_password} required >\n\
         <button type=\"submit\">Sign in</button>\n</form>"
    );
    page(if tried.is_some() { 401 } else { 200 }, &body)
}

/// The page with a button for each connector.
pub(crate) fn choice(buttons: &[(String, String)]) -> Reply {
    let buttons: Vec<String> = buttons
        .iter()
        .map(|(name, url)| {
            format!("<a href=\"{}\">Continue with {}</a>", escaped(url), escaped(name))
        })
        .collect();
    page(200, &format!("<h1>Sign in</h1>\n<p>Choose your login method</p>\n{}", buttons.join("\n")))
}

/// The form for a device's code.
pub(crate) fn device(action: &str, code: &str, wrong: bool) -> Reply {
    let hint = if wrong { "<p>Invalid or Expired User Code</p>\n" } else { "" };
    let body = format!(
        "<h1>Device Login</h1>\n<p>Enter the code shown on your device</p>\n{hint}\
         <form method=\"post\" action=\"{}\">\n\
         <input type=\"text\" id=\"user_code\" name=\"user_code\" class=\"nb-input\" \
         placeholder=\"XXXX-XXXX\" value=\"{}\" required autofocus >\n\
         <button type=\"submit\">Continue</button>\n</form>",
        escaped(action),
        escaped(code)
    );
    page(if wrong { 400 } else { 200 }, &body)
}
