//! Hostile input: every line of the checklist that applies to what is here.

use std::io::{BufReader, Cursor};
use std::time::Duration;

use crate::common::{PLAIN, ask, ask_text, call, fault, parse, seeded};
use crypto_calculator::Settings;
use crypto_calculator::carriers::serve;
use crypto_calculator::core::args::Args;
use crypto_calculator::core::envelope::{MAX_ANSWER, MAX_REQUEST, guard};
use crypto_calculator::core::json::Json;
use crypto_calculator::core::schema::{Kind, Param};

fn refused(request: impl AsRef<[u8]>, code: &str, path: &str) {
    let answer = ask(&PLAIN(), &request);
    let shown = String::from_utf8_lossy(request.as_ref()).chars().take(120).collect::<String>();
    assert_eq!(fault(&answer), (code.to_owned(), path.to_owned()), "{shown}");
}

fn lines(settings: &Settings, input: &[u8]) -> Vec<String> {
    let mut output = Vec::new();
    serve::lines(settings, &mut BufReader::new(Cursor::new(input)), &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
}

// --- sizes -----------------------------------------------------------------------------------------------------------

#[test]
fn a_request_is_at_most_one_mebibyte() {
    let request = |len: usize| {
        let frame = r#"{"op":"hash","args":{"data":""}}"#.len();
        format!(r#"{{"op":"hash","args":{{"data":"{}"}}}}"#, "0".repeat(len - frame))
    };
    assert_eq!(ask(&PLAIN(), request(MAX_REQUEST)).get("ok"), Some(&Json::Bool(true)));
    refused(request(MAX_REQUEST + 2), "limit_exceeded", "");
    let mut output = Vec::new();
    serve::once(&PLAIN(), &mut Cursor::new(vec![b' '; 3 * MAX_REQUEST]), &mut output).unwrap();
    let answer = String::from_utf8(output).unwrap();
    assert!(answer.contains(r#""code":"limit_exceeded""#) && answer.contains(r#""limit":1048576"#), "{answer}");
}

#[test]
fn an_overlong_line_is_skipped_and_answered() {
    let ping = r#"{"op":"ping","args":{}}"#;
    let mut input = format!("{ping}\n").into_bytes();
    input.extend(vec![b'x'; 5 * MAX_REQUEST]);
    input.extend(format!("\n{ping}\n").bytes());
    let answers = lines(&PLAIN(), &input);
    assert_eq!(answers.len(), 3);
    assert!(answers[1].contains("limit_exceeded"));
    assert_eq!(answers[0], answers[2]);
    // One byte over, and exactly at the limit.
    for (len, code) in [(MAX_REQUEST, "bad_json"), (MAX_REQUEST + 1, "limit_exceeded")] {
        let answers = lines(&PLAIN(), format!("{}\n{ping}", "x".repeat(len)).as_bytes());
        assert!(answers[0].contains(code) && answers[1].contains("pong"));
    }
}

#[test]
fn every_line_has_one_answer() {
    for (input, count) in [("", 0), ("\n", 1), ("\n\n", 2), ("x", 1), ("x\r\n", 1), ("{}\n{}", 2), ("\0\n \n", 2)] {
        assert_eq!(lines(&PLAIN(), input.as_bytes()).len(), count, "{input:?}");
    }
}

#[test]
fn integers_are_bounded_before_they_are_parsed() {
    let nines = "9".repeat(1_000_000);
    for args in [
        format!(r#"{{"a":"{nines}","mod":"7"}}"#),
        format!(r#"{{"a":"-{nines}","mod":"7"}}"#),
        format!(r#"{{"a":"0x{nines}","mod":"7"}}"#),
        // 2^16384, one more bit than allowed.
        format!(r#"{{"a":"0x1{}","mod":"7"}}"#, "0".repeat(4096)),
    ] {
        assert_eq!(fault(&call("modinv", &args)), ("limit_exceeded".to_owned(), "/args/a".to_owned()));
    }
    let widest = format!("0x{}", "f".repeat(4096));
    assert_eq!(call("modinv", &format!(r#"{{"a":"{widest}","mod":"7"}}"#)).get("ok"), Some(&Json::Bool(true)));
    let modulus = format!("0x1{}1", "0".repeat(2047));
    for (op, args, path) in [
        ("modpow", format!(r#"{{"base":"2","exp":"3","mod":"{modulus}"}}"#), "/args/mod"),
        ("modinv", format!(r#"{{"a":"2","mod":"{modulus}"}}"#), "/args/mod"),
        ("is_prime", format!(r#"{{"n":"{modulus}"}}"#), "/args/n"),
    ] {
        let answer = call(op, &args);
        assert_eq!(fault(&answer), ("limit_exceeded".to_owned(), path.to_owned()));
        assert_eq!(answer.get("error").unwrap().get("limit"), Some(&Json::Int(8192)));
    }
}

#[test]
fn integers_have_one_spelling() {
    for bad in
        ["", "-", "+1", "01", "-01", "-0", "-0x0", "0x", "0X1", "1e3", "1.0", " 1", "1 ", "1_0", "0xg", "١", "--1"]
    {
        let args = format!(r#"{{"n":{}}}"#, Json::str(bad).render());
        assert_eq!(fault(&call("is_prime", &args)), ("bad_encoding".to_owned(), "/args/n".to_owned()), "{bad:?}");
    }
    for (good, prime) in [("7", true), ("0x7", true), ("0x0007", true), ("0xB", true), ("-7", false), ("0", false)] {
        let args = format!(r#"{{"n":"{good}"}}"#);
        assert_eq!(call("is_prime", &args).get("result"), Some(&Json::Bool(prime)), "{good}");
    }
    for bad in ["true", "null", "[1]", "{}"] {
        assert_eq!(fault(&call("is_prime", &format!(r#"{{"n":{bad}}}"#))).0, "bad_type", "{bad}");
    }
    for (m, path) in [("\"0\"", "/args/mod"), ("0", "/args/mod"), ("-5", "/args/mod")] {
        let answer = call("modpow", &format!(r#"{{"base":"2","exp":"3","mod":{m}}}"#));
        assert_eq!(fault(&answer), ("out_of_range".to_owned(), path.to_owned()));
    }
}

#[test]
fn the_answer_is_bounded() {
    let item = r#"{"op":"random_bytes","args":{"len":65536}}"#;
    let items = vec![item; 64].join(",");
    let answer = ask_text(&PLAIN(), format!(r#"{{"op":"batch","args":{{"requests":[{items}]}},"id":"big"}}"#));
    assert!(answer.len() < MAX_ANSWER);
    assert!(answer.contains("limit_exceeded") && answer.contains(r#""id":"big""#), "{answer}");
}

#[test]
fn counts_lists_ids_and_seeds_are_bounded() {
    for (len, code) in [
        ("0", "out_of_range"),
        ("-1", "out_of_range"),
        ("65537", "out_of_range"),
        ("\"99999999999999999999999\"", "out_of_range"),
        ("\"007\"", "bad_encoding"),
        ("\"\"", "bad_encoding"),
        ("\"+7\"", "bad_encoding"),
        ("true", "bad_type"),
        ("[]", "bad_type"),
    ] {
        let answer = call("random_bytes", &format!(r#"{{"len":{len}}}"#));
        assert_eq!(fault(&answer), (code.to_owned(), "/args/len".to_owned()), "{len}");
    }
    let many = vec!["{}"; 65].join(",");
    assert_eq!(fault(&call("batch", &format!(r#"{{"requests":[{many}]}}"#))).0, "limit_exceeded");
    let id = "é".repeat(65);
    refused(format!(r#"{{"op":"ping","args":{{}},"id":"{id}"}}"#), "limit_exceeded", "/id");
    refused(r#"{"op":"ping","args":{},"id":7}"#, "bad_type", "/id");
    for (seed, code) in [
        (format!("\"{}\"", "0".repeat(130)), "limit_exceeded"),
        ("\"\"".to_owned(), "out_of_range"),
        ("\"0\"".to_owned(), "bad_encoding"),
        ("\"AB\"".to_owned(), "bad_encoding"),
        ("7".to_owned(), "bad_type"),
    ] {
        let answer = ask(&seeded(), format!(r#"{{"op":"ping","args":{{}},"seed":{seed}}}"#));
        assert_eq!(fault(&answer), (code.to_owned(), "/seed".to_owned()), "{seed}");
    }
    let longest = format!(r#"{{"op":"ping","args":{{}},"seed":"{}"}}"#, "0".repeat(128));
    assert_eq!(ask(&seeded(), longest).get("ok"), Some(&Json::Bool(true)));
}

#[test]
fn lengths_and_keys_are_those_of_the_hash() {
    for (args, path) in [
        (r#"{"alg":"sha256","data":"","len":20}"#, "/args/len"),
        (r#"{"alg":"sha256","data":"","key":"00"}"#, "/args/key"),
        (r#"{"alg":"shake128","data":"","key":"00"}"#, "/args/key"),
        (r#"{"alg":"blake2b","data":"","len":65}"#, "/args/len"),
        (r#"{"alg":"blake2s","data":"","len":33}"#, "/args/len"),
        (r#"{"alg":"blake3","data":"","key":"00"}"#, "/args/key"),
        (r#"{"alg":"md5","data":""}"#, "/args/alg"),
    ] {
        assert_eq!(fault(&call("hash", args)), ("out_of_range".to_owned(), path.to_owned()), "{args}");
    }
    let key = "00".repeat(33);
    let answer = call("hash", &format!(r#"{{"alg":"blake2s","data":"","key":"{key}"}}"#));
    assert_eq!(fault(&answer), ("out_of_range".to_owned(), "/args/key".to_owned()));
    let (sk, sig) = ("00".repeat(31), "00".repeat(63));
    assert_eq!(fault(&call("ed25519_sign", &format!(r#"{{"sk":"{sk}","msg":""}}"#))).1, "/args/sk");
    let args = format!(r#"{{"pk":"{sk}00","msg":"","sig":"{sig}"}}"#);
    assert_eq!(fault(&call("ed25519_verify", &args)).1, "/args/sig");
    // Text has no place where a fixed encoding is asked for.
    let text = format!(r#"{{"sk":"utf8:{}","msg":""}}"#, "a".repeat(32));
    assert_eq!(fault(&call("ed25519_sign", &text)).0, "bad_encoding");
}

/// Settings under which only the cost model refuses work, so that a busy machine changes nothing.
fn patient() -> Settings {
    Settings { time_limit: Duration::MAX, ..Settings::default() }
}

// --- work and time ---------------------------------------------------------------------------------------------------

#[test]
fn work_is_refused_before_it_starts_and_everywhere_alike() {
    let ones = format!("0x{}", "f".repeat(2048));
    let exp = format!("0x{}", "f".repeat(4096));
    let item = format!(r#"{{"op":"modpow","args":{{"base":"3","exp":"{exp}","mod":"{ones}"}}}}"#);
    let items = vec![item.as_str(); 64].join(",");
    let request = format!(r#"{{"op":"batch","args":{{"requests":[{items}]}}}}"#);
    // A small budget, so that the test itself is quick; the decision is the same arithmetic.
    let tight = Settings { max_cost: 1_000_000_000, ..patient() };
    let first = ask_text(&tight, &request);
    assert_eq!(first, ask_text(&tight, &request), "the model looks at the request alone");
    let answer = parse(&first);
    let answers = answer.get("result").unwrap().get("answers").and_then(Json::as_list).unwrap();
    let done = answers.iter().filter(|a| a.get("ok") == Some(&Json::Bool(true))).count();
    assert!((1..10).contains(&done), "{done}");
    assert_eq!(answers.len(), 64);
    assert_eq!(fault(&answers[63]).0, "limit_exceeded");
    assert_eq!(fault(&ask(&Settings { max_cost: 10, ..tight }, r#"{"op":"ping","args":{}}"#)).0, "limit_exceeded");
}

#[test]
fn the_largest_single_requests_fit_the_budget() {
    let (modulus, exp) = (format!("0x{}", "f".repeat(2048)), format!("0x{}", "f".repeat(4096)));
    let call = |op: &str, args: &str| ask(&patient(), format!(r#"{{"op":"{op}","args":{args}}}"#));
    let answer = call("modpow", &format!(r#"{{"base":"{exp}","exp":"{exp}","mod":"{modulus}"}}"#));
    assert_eq!(answer.get("ok"), Some(&Json::Bool(true)));
    let answer = call("is_prime", &format!(r#"{{"n":"{modulus}"}}"#));
    assert_eq!(answer.get("ok"), Some(&Json::Bool(true)));
}

#[test]
fn the_clock_is_a_marked_safety_net() {
    let late = Settings { time_limit: Duration::ZERO, ..Settings::default() };
    // 2^521 - 1 is prime: the whole Lucas chain would run.
    let prime = format!("0x1{}", "f".repeat(130));
    let answer = ask(&late, format!(r#"{{"op":"is_prime","args":{{"n":"{prime}"}},"id":"t"}}"#));
    assert_eq!(fault(&answer).0, "timeout");
    assert_eq!(answer.get("error").unwrap().get("replayable"), Some(&Json::Bool(false)));
    assert_eq!(answer.get("id"), Some(&Json::str("t")));
    let batch = r#"{"op":"batch","args":{"requests":[{"op":"ping","args":{}}]}}"#;
    assert!(ask_text(&late, batch).contains(r#""code":"timeout""#));
    assert_eq!(call("is_prime", &format!(r#"{{"n":"{prime}"}}"#)).get("result"), Some(&Json::Bool(true)));
    let endless = Settings { time_limit: Duration::MAX, ..Settings::default() };
    assert_eq!(ask(&endless, batch).get("ok"), Some(&Json::Bool(true)));
    assert!(!ask_text(&endless, batch).contains("timeout"));
}

#[test]
fn a_panic_is_contained() {
    std::panic::set_hook(Box::new(|_| {}));
    let error = guard(|| -> Result<(), _> { panic!("a secret in a message") }).unwrap_err();
    assert_eq!(error.code, "internal");
    assert!(!error.message.contains("secret"));
    // overflow-checks are on in every profile.
    let n = std::hint::black_box(u8::MAX);
    assert_eq!(guard(|| Ok(n + 1)).unwrap_err().code, "internal");
    let _ = std::panic::take_hook();
}

// --- JSON ------------------------------------------------------------------------------------------------------------

#[test]
fn json_is_strict() {
    let deep = |n: usize| format!(r#"{{"op":"ping","args":{{"a":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
    refused(deep(31), "limit_exceeded", &format!("/args/a{}", "/0".repeat(30)));
    refused(deep(30), "unknown_arg", "/args/a");
    refused("[".repeat(100_000), "limit_exceeded", &"/0".repeat(32));
    for (text, code, path) in [
        ("", "bad_json", ""),
        ("null", "bad_type", ""),
        ("[]", "bad_type", ""),
        ("\u{feff}{}", "bad_json", ""),
        (r#"{"op":"ping","op":"ping","args":{}}"#, "duplicate_key", "/op"),
        (r#"{"op":"hash","args":{"data":"","data":""}}"#, "duplicate_key", "/args/data"),
        (r#"{"op":"hash","args":{"data":"","d\u0061ta":""}}"#, "duplicate_key", "/args/data"),
        (r#"{"op":"ping","args":{},"extra":1}"#, "unknown_arg", "/extra"),
        (r#"{"op":"ping","args":{"x":1}}"#, "unknown_arg", "/args/x"),
        (r#"{"op":"ping","args":{}} {}"#, "bad_json", ""),
        (r#"{"op":"ping","args":{}},"#, "bad_json", ""),
        (r#"{"op":"ping","args":{},}"#, "bad_json", ""),
        (r#"{"op":"ping","args":[]}"#, "bad_type", "/args"),
        (r#"{"op":"ping","args":null}"#, "bad_type", "/args"),
        (r#"{"op":7,"args":{}}"#, "bad_type", "/op"),
        (r#"{"args":{}}"#, "missing_arg", "/op"),
        (r#"{"op":"hash"}"#, "missing_arg", "/args/data"),
        (r#"{'op':'ping'}"#, "bad_json", ""),
        (r#"{"op":"ping" /* no */,"args":{}}"#, "bad_json", ""),
        (r#"{"op":"\ud800","args":{}}"#, "bad_json", "/op"),
        (r#"{"op":"\udc00\ud800","args":{}}"#, "bad_json", "/op"),
        (r#"{"op":"\x41","args":{}}"#, "bad_json", "/op"),
        ("{\"op\":\"a\nb\",\"args\":{}}", "bad_json", "/op"),
        (r#"{"op":"ping","args":{"a":NaN}}"#, "bad_json", "/args/a"),
        (r#"{"op":"ping","args":{"a":tru}}"#, "bad_json", "/args/a"),
    ] {
        refused(text, code, path);
    }
    for bytes in [&b"\xff"[..], b"{\"op\":\"\xff\"}", b"{\"op\":\"\xed\xa0\x80\"}", b"{\"op\":\"\xc0\xaf\"}", b"\0"] {
        assert_eq!(fault(&ask(&PLAIN(), bytes)).0, "bad_json");
    }
    let many: Vec<String> = (0..257).map(|i| format!("\"k{i}\":0")).collect();
    refused(format!(r#"{{"op":"ping","args":{{{}}}}}"#, many.join(",")), "limit_exceeded", "/args");
}

#[test]
fn numbers_of_json_are_whole_and_small() {
    let bad = [
        "1.0",
        "1.5",
        "1e2",
        "1E2",
        "1e400",
        "-0",
        "-0.0",
        "01",
        "-01",
        "+1",
        ".5",
        "5.",
        "0x1",
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551616",
        "123456789012345678901234567890",
    ];
    for n in bad {
        let request = format!(r#"{{"op":"is_prime","args":{{"n":{n}}}}}"#);
        assert_eq!(fault(&ask(&PLAIN(), &request)).0, "bad_json", "{n}");
    }
    for n in ["0", "-5", "9007199254740991", "-9007199254740991"] {
        assert_eq!(call("is_prime", &format!(r#"{{"n":{n}}}"#)).get("ok"), Some(&Json::Bool(true)), "{n}");
    }
}

// --- errors and modes ------------------------------------------------------------------------------------------------

#[test]
fn errors_name_the_place_and_never_the_value() {
    let secret = "5ecre7";
    for request in [
        format!(r#"{{"op":"{secret}","args":{{}}}}"#),
        format!(r#"{{"op":"ed25519_sign","args":{{"sk":"{secret}","msg":""}}}}"#),
        format!(r#"{{"op":"hash","args":{{"data":"x{secret}"}}}}"#),
        format!(r#"{{"op":"hash","args":{{"alg":"{secret}","data":""}}}}"#),
        format!(r#"{{"op":"is_prime","args":{{"n":"{secret}"}}}}"#),
        format!(r#"{{"op":"random_bytes","args":{{"len":"{secret}"}}}}"#),
        format!(r#"{{"op":"help","args":{{"op":"{secret}"}}}}"#),
        format!(r#"{{"op":"ping","args":"{secret}"}}"#),
        format!(r#"{{"op":"ping","args":{{}},"seed":"{secret}"}}"#),
        format!(r#"{{"op":"ping","args":{{"a":{secret}}}}}"#),
        format!(r#"{{"op":"ping","args":{{}}}}{secret}"#),
        format!(r#""{secret}"#),
    ] {
        let answer = ask_text(&PLAIN(), &request);
        assert!(answer.contains(r#""ok":false"#) && !answer.contains(secret), "{request}: {answer}");
    }
    // A key is part of the place; one that is long or strange is left out.
    refused(r#"{"op":"ping","args":{"a/b~c":1}}"#, "unknown_arg", "/args/a~1b~0c");
    refused(format!(r#"{{"op":"ping","args":{{"{}":1}}}}"#, "k".repeat(65)), "unknown_arg", "/args");
    refused(r#"{"op":"ping","args":{"\u0000":1}}"#, "unknown_arg", "/args");
}

#[test]
fn seeds_belong_to_seeded_mode() {
    let request = r#"{"op":"random_bytes","args":{"len":4},"seed":"00"}"#;
    refused(request, "seed_not_allowed", "/seed");
    assert_eq!(ask(&seeded(), request).get("deterministic"), Some(&Json::Bool(true)));
    // A nonce that is given needs no randomness.
    let args = format!(r#"{{"msg":"","nonce":"{}"}}"#, "00".repeat(32));
    let request = format!(r#"{{"op":"commit_hash","args":{args}}}"#);
    assert_eq!(ask(&seeded(), request).get("ok"), Some(&Json::Bool(true)));
    for settings in [PLAIN(), seeded()] {
        let inner = r#"{"requests":[{"op":"ping","args":{},"seed":"00"}]}"#;
        let answer = ask(&settings, format!(r#"{{"op":"batch","args":{inner}}}"#));
        let answers = answer.get("result").unwrap().get("answers").and_then(Json::as_list).unwrap();
        assert_eq!(fault(&answers[0]), ("seed_not_allowed".to_owned(), "/seed".to_owned()));
    }
    static PARAMS: &[Param] = &[Param::seeded_only("k", Kind::Bool, "a nonce")];
    let members = || vec![("k".into(), Json::Bool(true))];
    assert_eq!(Args::read(PARAMS, members(), "/args", false).err().unwrap().code, "seed_not_allowed");
    assert!(Args::read(PARAMS, members(), "/args", true).unwrap().flag("k").unwrap());
}

#[test]
fn a_batch_holds_no_batch_and_fails_item_by_item() {
    let items = r#"{"op":"batch","args":{"requests":[]}},7,{"op":"ping","args":{},"id":"last"}"#;
    let answer = call("batch", &format!(r#"{{"requests":[{items}]}}"#));
    let answers = answer.get("result").unwrap().get("answers").and_then(Json::as_list).unwrap();
    assert_eq!(fault(&answers[0]), ("out_of_range".to_owned(), "/op".to_owned()));
    assert_eq!(fault(&answers[1]), ("bad_type".to_owned(), String::new()));
    assert_eq!(answers[2].get("id"), Some(&Json::str("last")));
}
