//! From an event of AWS Lambda to an answer: API Gateway payloads 1.0 and 2.0, Function URLs, and direct invocation.
//!
//! Nothing here knows the runtime; `src/bin/bootstrap.rs` (feature `lambda`) hands the bytes over. An answer is never
//! seeded: the mode belongs to a caller that starts the process.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};

use crate::core::clock::Clock;
use crate::core::context::Settings;
use crate::core::envelope::{MAX_REQUEST, refuse};
use crate::core::error::{BAD_ENCODING, BAD_TYPE, Error};
use crate::core::json::{Json, Members};
use crate::respond;

/// Largest body, before and after base64: what Lambda itself takes in one call.
/// Source: AWS Lambda Developer Guide, "Lambda quotas", synchronous invocation payload.
pub const MAX_BODY: usize = 6 << 20;
/// Kept back from the time that Lambda leaves, so that the answer gets out before the function is stopped.
pub const MARGIN: Duration = Duration::from_millis(200);

/// Codes of refusals that only this carrier knows.
pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
pub const UNSUPPORTED_CONTENT: &str = "unsupported_content";

/// Longest that Lambda lets a function run, in milliseconds. Source: as MAX_BODY, function timeout.
const MAX_TIMEOUT_MS: u64 = 900_000;

/// The time left until `deadline_ms`, in milliseconds since the epoch.
///
/// Emulators (that of cargo-lambda 1.9 for one) send the timeout itself in place of the instant. So short after the
/// epoch no deadline lies, so that is what it must be.
pub fn remaining(deadline_ms: u64, now: SystemTime) -> Duration {
    let deadline = Duration::from_millis(deadline_ms);
    if deadline_ms <= MAX_TIMEOUT_MS {
        return deadline;
    }
    deadline.saturating_sub(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Settings of one invocation, of which `remaining` is left.
///
/// The wall clock counts, since the function is stopped by it. The 5 s of the command line do not apply: a function with
/// little memory has a fraction of a processor, and the work itself is bounded by its cost.
pub fn settings(remaining: Duration) -> Settings {
    Settings {
        seeded: false,
        time_limit: remaining.saturating_sub(MARGIN),
        clock: Clock::Wall,
        ..Settings::default()
    }
}

/// Answers one event with the JSON text that Lambda expects back: an HTTP response object for an HTTP event, the bare
/// answer for anything else.
pub fn respond_event(settings: &Settings, event: &[u8]) -> Vec<u8> {
    match http_event(event) {
        Some(event) => http_response(&event, &answer(settings, &event)),
        None => respond(settings, event),
    }
}

/// A status and the answer under it.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// The event as an object if it is an HTTP call. A direct request has `op` and neither of the other two; what is not
/// even JSON is a direct request too, and refused as such.
fn http_event(event: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(event) {
        Ok(Value::Object(event)) if event.contains_key("requestContext") || event.contains_key("httpMethod") => {
            Some(event)
        }
        _ => None,
    }
}

fn answer(settings: &Settings, event: &Map<String, Value>) -> Answer {
    match request_text(event) {
        Ok(text) => {
            let body = respond(settings, &text);
            Answer { status: status_of(&text, &body), body }
        }
        Err((status, error)) => Answer { status, body: refuse(error, settings) },
    }
}

/// Whether the answer is a success comes first in it, and the error's code first in the error.
fn status_of(text: &[u8], body: &[u8]) -> u16 {
    let failed_with = |code: &str| body.starts_with(format!(r#"{{"ok":false,"error":{{"code":"{code}""#).as_bytes());
    if body.starts_with(br#"{"ok":true"#) {
        200
    } else if text.len() > MAX_REQUEST {
        413
    } else if failed_with("internal") {
        500
    } else if failed_with("timeout") {
        503
    } else {
        400
    }
}

/// The request in the body of an HTTP call, or the status and error to refuse it with.
fn request_text(event: &Map<String, Value>) -> Result<Vec<u8>, (u16, Error)> {
    match method(event) {
        Some("POST") => {}
        Some(_) => return Err((405, Error::new(METHOD_NOT_ALLOWED, "", "send the request by POST"))),
        None => return Err((400, Error::new(BAD_TYPE, "", "the event names no HTTP method"))),
    }
    if !header(event, "content-type").is_some_and(is_json) {
        let message = "send the request as application/json, in UTF-8";
        return Err((415, Error::new(UNSUPPORTED_CONTENT, "", message)));
    }
    if header(event, "content-encoding").is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        return Err((415, Error::new(UNSUPPORTED_CONTENT, "", "send the request without a content coding")));
    }
    let body = match event.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(body)) => body,
        Some(_) => return Err((400, Error::new(BAD_TYPE, "", "the event's body is not text"))),
    };
    within_cap(body.len())?;
    if event.get("isBase64Encoded") != Some(&Value::Bool(true)) {
        return Ok(body.as_bytes().to_vec());
    }
    let text = Base64::decode_vec(body)
        .map_err(|_| (400, Error::new(BAD_ENCODING, "", "the body is not base64, though the event says so")))?;
    within_cap(text.len())?;
    Ok(text)
}

fn within_cap(len: usize) -> Result<(), (u16, Error)> {
    if len <= MAX_BODY {
        return Ok(());
    }
    let limit = crate::core::cost::units(MAX_BODY);
    Err((413, Error::limit("", "the body is longer than 6 MiB", limit)))
}

/// Payload 2.0 and Function URLs name the method in requestContext.http, payload 1.0 at the top.
fn method(event: &Map<String, Value>) -> Option<&str> {
    let modern = event.get("requestContext").and_then(|context| context.get("http")?.get("method"));
    modern.or_else(|| event.get("httpMethod")).and_then(Value::as_str)
}

/// A header, whatever the case of its name. Payload 1.0 may carry it in `multiValueHeaders` alone; the last value
/// counts, as in its `headers`.
fn header<'a>(event: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let find = |part: &str| {
        let headers = event.get(part)?.as_object()?;
        headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let single = find("headers").and_then(Value::as_str);
    single.or_else(|| find("multiValueHeaders")?.as_array()?.last()?.as_str())
}

/// `application/json`, with no charset but UTF-8 (which is what JSON is in, RFC 8259, section 8.1).
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// The response object. The answer is JSON of at most 2 MiB, so even with every quote escaped it stays below the 6 MiB
/// that Lambda takes back.
fn http_response(event: &Map<String, Value>, answer: &Answer) -> Vec<u8> {
    let mut headers: Members<'_> = vec![
        (Cow::Borrowed("content-type"), Json::str("application/json")),
        (Cow::Borrowed("cache-control"), Json::str("no-store")),
    ];
    if answer.status == 405 {
        headers.push((Cow::Borrowed("allow"), Json::str("POST")));
    }
    let mut response: Members<'_> = vec![
        (Cow::Borrowed("statusCode"), Json::Int(answer.status.into())),
        (Cow::Borrowed("headers"), Json::Object(headers)),
        (Cow::Borrowed("multiValueHeaders"), Json::Object(Vec::new())),
        (Cow::Borrowed("body"), Json::Str(String::from_utf8_lossy(&answer.body))),
        (Cow::Borrowed("isBase64Encoded"), Json::Bool(false)),
    ];
    // Version 2.0 alone has cookies: the emulator wants the member, and a REST API refuses members that it does not know.
    if event.get("version").is_some_and(|version| version == "2.0") {
        response.push((Cow::Borrowed("cookies"), Json::List(Vec::new())));
    }
    Json::Object(response).render().into_bytes()
}
