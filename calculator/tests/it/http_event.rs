//! The Lambda carrier without its runtime: events in, responses out.

use std::time::{Duration, UNIX_EPOCH};

use base64ct::{Base64, Encoding};
use crypto_calculator::carriers::http_event::{MAX_BODY, remaining, respond_event, settings};
use serde_json::{Value, json};

const PING: &str = r#"{"op":"ping","args":{}}"#;

fn send_text(event: &str) -> Value {
    serde_json::from_slice(&respond_event(&settings(Duration::from_secs(30)), event.as_bytes())).expect("JSON")
}

/// Sends an HTTP event; gives status and answer.
fn send(event: &Value) -> (u64, Value) {
    let response = send_text(&event.to_string());
    assert_eq!(response["headers"]["content-type"], "application/json");
    assert_eq!(response["isBase64Encoded"], false);
    let answer = serde_json::from_str(response["body"].as_str().expect("text")).expect("JSON");
    (response["statusCode"].as_u64().expect("a status"), answer)
}

fn v1(method: &str, content_type: &str, body: Value) -> Value {
    json!({
        "resource": "/", "path": "/", "httpMethod": method, "headers": {"Content-Type": content_type},
        "multiValueHeaders": {"Content-Type": [content_type]}, "queryStringParameters": null,
        "requestContext": {"httpMethod": method, "path": "/", "requestTimeEpoch": 1_700_000_000_000_u64},
        "body": body, "isBase64Encoded": false,
    })
}

fn v2(method: &str, content_type: &str, body: Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": {"content-type": content_type, "content-length": "23"},
        "requestContext": {"http": {"method": method, "path": "/", "protocol": "HTTP/1.1"}, "timeEpoch": 1.5},
        "body": body, "isBase64Encoded": false,
    })
}

const SHAPES: [fn(&str, &str, Value) -> Value; 2] = [v1, v2];

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("")
}

#[test]
fn both_payload_versions_are_answered_like_the_command_line() {
    for shape in SHAPES {
        let request = r#"{"op":"modinv","args":{"a":"3","mod":"11"},"id":"x"}"#;
        let (status, answer) = send(&shape("POST", "application/json", request.into()));
        assert_eq!((status, answer), (200, json!({"ok": true, "result": "4", "id": "x"})));
    }
}

#[test]
fn only_payload_2_gets_a_member_that_payload_1_does_not_know() {
    let keys = |event: Value| send_text(&event.to_string()).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let known = ["body", "headers", "isBase64Encoded", "multiValueHeaders", "statusCode"];
    assert_eq!(keys(v1("POST", "application/json", PING.into())), known);
    assert!(keys(v2("POST", "application/json", PING.into())).contains(&"cookies".to_owned()));
}

#[test]
fn a_direct_invocation_gets_the_bare_answer() {
    assert_eq!(send_text(PING), json!({"ok": true, "result": "pong"}));
}

#[test]
fn a_direct_invocation_is_read_as_strictly_as_everywhere() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for (event, expected) in [
        (r#"{"op":"ping","op":"ping"}"#, "duplicate_key"),
        (r#"{"op":"ping","args":{"n":1.5}}"#, "bad_json"),
        (r#"{"op":"ping","args":{},"extra":1}"#, "unknown_arg"),
        (r#"{"op":"ping""#, "bad_json"),
        ("", "bad_json"),
        ("null", "bad_type"),
        (deep.as_str(), "limit_exceeded"),
    ] {
        assert_eq!(code(&send_text(event)), expected, "{:.40}", event);
    }
}

#[test]
fn a_body_in_base64_is_decoded_first() {
    for shape in SHAPES {
        let mut event = shape("POST", "application/json", Base64::encode_string(PING.as_bytes()).into());
        event["isBase64Encoded"] = true.into();
        assert_eq!(send(&event), (200, json!({"ok": true, "result": "pong"})));
        for bad in ["eyJvcCI6InBpbmcifQ", "eyJvcCI6InBpbmcifR==", "%%%%", "e30=\n"] {
            event["body"] = bad.into();
            let (status, answer) = send(&event);
            assert_eq!((status, code(&answer)), (400, "bad_encoding"), "{bad:?}");
        }
    }
}

#[test]
fn every_method_but_post_is_refused() {
    for shape in SHAPES {
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "post", ""] {
            let event = shape(method, "application/json", PING.into());
            let (status, answer) = send(&event);
            assert_eq!((status, code(&answer)), (405, "method_not_allowed"), "{method}");
            assert_eq!(send_text(&event.to_string())["headers"]["allow"], "POST");
        }
    }
    let nameless = json!({"requestContext": {"http": {}}, "body": PING});
    assert_eq!(send(&nameless).0, 400);
}

#[test]
fn the_content_type_must_be_json() {
    for shape in SHAPES {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert_eq!(send(&shape("POST", good, PING.into())).0, 200, "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonx",
            "text/plain; application/json",
            "application/json; charset=latin1",
        ] {
            let (status, answer) = send(&shape("POST", bad, PING.into()));
            assert_eq!((status, code(&answer)), (415, "unsupported_content"), "{bad}");
        }
        let mut event = shape("POST", "application/json", PING.into());
        event["headers"]["Content-Encoding"] = "gzip".into();
        assert_eq!(send(&event).0, 415);
        event["headers"] = Value::Null;
        event["multiValueHeaders"] = json!({});
        assert_eq!(send(&event).0, 415);
        event["multiValueHeaders"] = json!({"CONTENT-TYPE": ["text/plain", "application/json"]});
        assert_eq!(send(&event).0, 200);
    }
}

#[test]
fn bodies_have_a_cap_before_and_after_base64() {
    for shape in SHAPES {
        let over_lambda = "x".repeat(MAX_BODY + 1);
        let mut event = shape("POST", "application/json", over_lambda.as_str().into());
        for base64 in [false, true] {
            event["isBase64Encoded"] = base64.into();
            let (status, answer) = send(&event);
            assert_eq!((status, code(&answer)), (413, "limit_exceeded"));
            assert_eq!(answer["error"]["limit"], MAX_BODY);
        }
        // Between the calculator's own limit and Lambda's.
        for (body, base64) in
            [(" ".repeat((1 << 20) + 1), false), (Base64::encode_string(" ".repeat((1 << 20) + 1).as_bytes()), true)]
        {
            event["body"] = body.into();
            event["isBase64Encoded"] = base64.into();
            let (status, answer) = send(&event);
            assert_eq!((status, code(&answer)), (413, "limit_exceeded"));
            assert_eq!(answer["error"]["limit"], 1 << 20);
        }
    }
}

#[test]
fn a_request_that_fails_has_a_status_that_says_whose_fault_it_is() {
    for shape in SHAPES {
        for (body, expected) in [
            (json!(null), "bad_json"),
            (json!("{"), "bad_json"),
            (json!(r#"{"op":"nonesuch"}"#), "unknown_op"),
            (json!(r#"{"op":"modinv","args":{"a":"2","mod":"4"}}"#), "not_invertible"),
            (json!({"op": "ping"}), "bad_type"),
        ] {
            let (status, answer) = send(&shape("POST", "application/json", body));
            assert_eq!((status, code(&answer)), (400, expected));
        }
    }
}

#[test]
fn no_event_starts_seeded_mode() {
    let request = r#"{"op":"random_bytes","args":{"len":8},"seed":"00"}"#;
    assert_eq!(code(&send_text(request)), "seed_not_allowed");
    for shape in SHAPES {
        assert_eq!(code(&send(&shape("POST", "application/json", request.into())).1), "seed_not_allowed");
    }
    assert!(!settings(Duration::MAX).seeded);
}

#[test]
fn the_time_limit_is_what_lambda_leaves_less_200_ms() {
    assert_eq!(settings(Duration::from_secs(30)).time_limit, Duration::from_millis(29_800));
    assert_eq!(settings(Duration::from_millis(100)).time_limit, Duration::ZERO);
}

#[test]
fn the_deadline_is_an_instant_and_with_emulators_the_timeout_itself() {
    let now = UNIX_EPOCH + Duration::from_millis(1_700_000_000_000);
    assert_eq!(remaining(1_700_000_030_000, now), Duration::from_secs(30));
    assert_eq!(remaining(1_699_999_999_999, now), Duration::ZERO);
    assert_eq!(remaining(600_000, now), Duration::from_secs(600));
}

#[test]
fn an_answer_cut_by_the_clock_is_a_503_that_may_be_tried_again() {
    let request = r#"{"op":"is_prime","args":{"n":"0x7fffffffffffffffffffffffffffffff"}}"#;
    let event = v2("POST", "application/json", request.into()).to_string();
    let response: Value =
        serde_json::from_slice(&respond_event(&settings(Duration::ZERO), event.as_bytes())).unwrap();
    let answer: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!((response["statusCode"].as_u64(), code(&answer)), (Some(503), "timeout"));
    assert_eq!(answer["error"]["replayable"], false);
}
