//! Encodings, key derivation and ciphers: round trips, second spellings, changed bits, limits.

use crate::common::{Random, assert_refused, call, changed, result};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;

fn text(value: &Json<'_>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {}", value.render())).to_owned()
}

#[test]
fn encodings_round_trip_and_refuse_second_spellings() {
    let mut random = Random::new(15);
    for n in 0..70 {
        let mut bytes = random.bytes(n);
        // Base58 keeps leading zeros apart.
        bytes.iter_mut().take(n / 10).for_each(|byte| *byte = 0);
        let data = hex::encode(&bytes);
        for form in ["hex", "base64", "base64url", "base32", "base58"] {
            let encoded = result("encode", &format!(r#"{{"to":"{form}","data":"{data}"}}"#)).render();
            assert_eq!(
                result("decode", &format!(r#"{{"from":"{form}","text":{encoded}}}"#)),
                Json::str(data.clone())
            );
        }
    }
    for (form, bad) in [
        ("base64", "dg"),
        ("base64", "dh=="),
        ("base64", "dg==\n"),
        ("base64", "d-=="),
        ("base64url", "dg=="),
        ("base64url", "dh"),
        ("base32", "oy======"),
        ("base32", "OZ======"),
        ("base32", "OY"),
        ("base58", "0"),
        ("base58", "l"),
        ("hex", "AA"),
        ("hex", "a"),
    ] {
        let args = Json::object([("from", Json::str(form)), ("text", Json::str(bad))]).render();
        assert_refused("decode", &args, "bad_encoding", "/args/text");
    }
    assert_refused("encode", r#"{"to":"utf8","data":"ff"}"#, "bad_encoding", "/args/data");
    assert_refused(
        "encode",
        &format!(r#"{{"to":"base58","data":"{}"}}"#, "00".repeat(4097)),
        "limit_exceeded",
        "/args/data",
    );
}

#[test]
fn integers_and_bytes_round_trip() {
    let mut random = Random::new(16);
    for n in 1..80 {
        let data = hex::encode(&random.bytes(n));
        for endian in ["big", "little"] {
            let int = result("bytes_to_int", &format!(r#"{{"data":"{data}","endian":"{endian}"}}"#));
            let back = format!(r#"{{"n":{},"len":{n},"endian":"{endian}"}}"#, int.render());
            assert_eq!(result("int_to_bytes", &back), Json::str(data.clone()));
        }
    }
    assert_eq!(result("int_to_bytes", r#"{"n":0}"#), Json::str("00"));
    assert_eq!(result("bytes_to_int", r#"{"data":""}"#), Json::str("0"));
    assert_refused("int_to_bytes", r#"{"n":256,"len":1}"#, "out_of_range", "/args/len");
}

#[test]
fn one_bit_changed_is_refused_by_every_cipher() {
    let mut random = Random::new(17);
    for alg in ["xchacha20-poly1305", "chacha20-poly1305", "aes-256-gcm", "aes-128-gcm"] {
        let key = hex::encode(&random.bytes(if alg == "aes-128-gcm" { 16 } else { 32 }));
        let msg = hex::encode(&random.bytes(33));
        let made = result("aead_encrypt", &format!(r#"{{"alg":"{alg}","key":"{key}","msg":"{msg}","aad":"0102"}}"#));
        let (nonce, ct) = (text(&made, "nonce"), text(&made, "ct"));
        let open = |key: &str, nonce: &str, ct: &str, aad: &str| {
            let args = format!(r#"{{"alg":"{alg}","key":"{key}","nonce":"{nonce}","ct":"{ct}","aad":"{aad}"}}"#);
            call("aead_decrypt", &args)
        };
        assert_eq!(text(open(&key, &nonce, &ct, "0102").get("result").unwrap(), "msg"), msg);
        let faults: std::collections::HashSet<String> = [
            open(&changed(&mut random, &key), &nonce, &ct, "0102"),
            open(&key, &changed(&mut random, &nonce), &ct, "0102"),
            open(&key, &nonce, &changed(&mut random, &ct), "0102"),
            open(&key, &nonce, &ct, "0103"),
            open(&key, &nonce, &ct[2..], "0102"),
            open(&key, &nonce, "", "0102"),
        ]
        .iter()
        .map(Json::render)
        .collect();
        assert_eq!(faults.len(), 1, "one answer to every fault: {faults:?}");
        let nonce = format!(r#"{{"alg":"{alg}","key":"{key}","msg":"","nonce":"{nonce}"}}"#);
        assert_refused("aead_encrypt", &nonce, "seed_not_allowed", "/args/nonce");
    }
}

#[test]
fn small_helpers_keep_their_promises() {
    assert_eq!(result("ct_equal", r#"{"a":"00","b":"01"}"#), Json::Bool(false));
    assert_eq!(result("ct_equal", r#"{"a":"00","b":"0000"}"#), Json::Bool(false));
    assert_refused("otp_xor", r#"{"data":"0000","key":"00"}"#, "out_of_range", "/args/key");
    assert_refused("hash_to_int", r#"{"data":"","mod":7,"dst":""}"#, "out_of_range", "/args/dst");
    assert_refused("canonical_json", "{}", "missing_arg", "/args/value");
    assert_refused("canonical_json", r#"{"value":1,"text":"1"}"#, "unknown_arg", "/args/text");
    // A value in the request and the same value as text.
    let by_value = result("canonical_json", r#"{"value":{"b":[1,true,null],"a":"\u00e9\n"}}"#);
    let by_text = result("canonical_json", r#"{"text":"{\"b\": [1, true, null], \"a\": \"\\u00e9\\n\"}"}"#);
    assert_eq!(by_value, by_text);
    assert_refused("scrypt", r#"{"password":"","salt":"","n":1000}"#, "out_of_range", "/args/n");
    assert_refused("scrypt", r#"{"password":"","salt":"","n":1048576,"r":1}"#, "limit_exceeded", "/args/n");
    assert_refused("argon2id", r#"{"password":"","salt":"00"}"#, "out_of_range", "/args/salt");
    assert_refused(
        "argon2id",
        r#"{"password":"","salt":"0011223344556677","m_kib":8,"p":2}"#,
        "out_of_range",
        "/args/m_kib",
    );
    assert_refused("pbkdf2", r#"{"password":"","salt":"","iterations":10000000,"len":64}"#, "limit_exceeded", "");
    assert_refused(
        "argon2id",
        r#"{"password":"","salt":"0011223344556677","m_kib":65536,"t":64}"#,
        "limit_exceeded",
        "",
    );
}

#[test]
fn hex_is_read_whole_and_strictly_at_every_length() {
    let mut random = Random::new(77);
    for len in (0..200).chain([4_095, 4_096, 4_097]) {
        let bytes = random.bytes(len);
        let digits = hex::encode(&bytes);
        assert_eq!(hex::decode(&digits), Some(bytes), "{len}");
        assert_eq!(hex::decode(&format!("{digits}0")), None, "{len}");
        if len > 0 {
            let at = random.below(digits.len());
            for bad in ["A", "F", "g", "`", "/", ":", " ", "~"] {
                let mut text = digits.clone();
                text.replace_range(at..=at, bad);
                assert_eq!(hex::decode(&text), None, "{len} {bad}");
            }
        }
    }
    // Every byte that is no digit, in both halves of a pair.
    for byte in (0u8..128).filter(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        let bad = char::from(byte);
        assert_eq!(hex::decode(&format!("0{bad}")), None, "{bad:?}");
        assert_eq!(hex::decode(&format!("{bad}0")), None, "{bad:?}");
    }
}

/// RFC 4648, section 10; and texts that no encoder writes.
#[test]
fn base32_has_one_text_for_one_value() {
    for (data, text) in [
        ("", ""),
        ("f", "MY======"),
        ("fo", "MZXQ===="),
        ("foo", "MZXW6==="),
        ("foob", "MZXW6YQ="),
        ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI======"),
    ] {
        assert_eq!(result("encode", &format!(r#"{{"data":"utf8:{data}","to":"base32"}}"#)), Json::str(text));
        let back = result("decode", &format!(r#"{{"text":"{text}","from":"base32"}}"#));
        assert_eq!(back, Json::str(hex::encode(data.as_bytes())));
    }
    for bad in [
        "MZ======",
        "MY",
        "MY=====",
        "MY=======",
        "my======",
        "M=======",
        "MY======MY======",
        "M1======",
        "MZXW6YTBMY",
    ] {
        assert_refused("decode", &format!(r#"{{"text":"{bad}","from":"base32"}}"#), "bad_encoding", "/args/text");
    }
}
