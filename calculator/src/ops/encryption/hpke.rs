//! Family J: hybrid public key encryption (RFC 9180).

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{BAD_ENCODING, Error, MISSING_ARG, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::{Json, Members};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::hpke::{
    AEADS, Channel, Cipher, DECRYPT_FAILED, KDFS, KEMS, Kdf, Kem, MODES, Setup, Suite, TAG_LEN,
};

const MAX_MSG: usize = 1 << 19;
const MSG: Kind = Kind::Bytes { max: MAX_MSG };
const SHORT: Kind = Kind::Bytes { max: 1 << 16 };
const PUBLIC: Kind = Kind::Hex { min: 32, max: 65 };
const SK: Kind = Kind::hex(32);
/// The longest export that every hash allows: 255 blocks of SHA-256.
const MAX_EXPORT: u64 = 255 * 32;
/// Largest sequence number: more messages than anybody sends.
const MAX_SEQ: u64 = 1 << 32;

const KEM: Param = Param::default("kem", Kind::Choice(KEMS), Default::Str("x25519"), "DHKEM with HKDF-SHA256");
const KDF: Param = Param::default("kdf", Kind::Choice(KDFS), Default::Str("hkdf-sha256"), "key derivation");
const AEAD: Param = Param::default("aead", Kind::Choice(AEADS), Default::Str("chacha20-poly1305"), "the cipher");
const MODE: Param = Param::default(
    "mode",
    Kind::Choice(MODES),
    Default::Str("base"),
    "psk modes share a secret beforehand, auth modes show the sender's key",
);
const PK: Param = Param::required("pk", PUBLIC, "the recipient's public key: 32 bytes, or a SEC1 point of P-256");
const RECIPIENT_SK: Param = Param::required("sk", SK, "the recipient's secret key").secret();
const ENC: Param = Param::required("enc", PUBLIC, "the sender's ephemeral key, from hpke_seal");
const INFO: Param = Param::optional("info", SHORT, "public text that both sides put in");
const PSK: Param = Param::optional("psk", Kind::Hex { min: 32, max: 1024 }, "psk modes: the shared secret").secret();
const PSK_ID: Param = Param::optional("psk_id", SHORT, "psk modes: its name");
const SENDER_SK: Param = Param::optional("sk_sender", SK, "auth modes: the sender's secret key").secret();
const SENDER_PK: Param = Param::optional("pk_sender", PUBLIC, "auth modes: the sender's public key");
const AAD: Param = Param::optional("aad", MSG, "public bytes that are protected, not hidden");

pub static OPS: &[Op] = &[
    Op {
        name: "hpke_seal",
        family: family::ENCRYPTION,
        summary: "encrypt to a public key; answers the ephemeral key enc and the ciphertext ct",
        params: &[
            KEM,
            KDF,
            AEAD,
            MODE,
            PK,
            Param::optional("msg", MSG, "what to encrypt; not with export-only").secret(),
            AAD,
            INFO,
            PSK,
            PSK_ID,
            SENDER_SK,
            Param::optional("export_context", SHORT, "also export a secret under this name"),
            Param::default("export_len", Kind::Count { min: 1, max: MAX_EXPORT }, Default::Int(32), "its bytes"),
            Param::seeded_only("sk_ephemeral", SK, "the ephemeral secret key"),
            Param::seeded_only("seq", Kind::Count { min: 0, max: MAX_SEQ }, "number of the message in its channel"),
        ],
        result: "object: enc (hex), ct (hex; unless export-only), secret {exported (hex)} (with export_context)",
        errors: &[],
        standard: "RFC 9180, Seal: SetupS and the first message of the channel",
        randomised: true,
        // RFC 9180, appendix A.2.1, recipient.
        example: Example {
            args: concat!(
                r#"{"pk":"4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a","#,
                r#""msg":"utf8:meet at noon","info":"utf8:chat 1"}"#
            ),
            expect: Expect::Then {
                op: "hpke_open",
                args: concat!(
                    r#"{"sk":"8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb","#,
                    r#""enc":"$enc","ct":"$ct","info":"utf8:chat 1"}"#
                ),
                result: r#"{"msg":"6d656574206174206e6f6f6e"}"#,
            },
        },
        cost,
        run: hpke_seal,
    },
    Op {
        name: "hpke_open",
        family: family::ENCRYPTION,
        summary: "decrypt what hpke_seal made, or refuse it",
        params: &[
            KEM,
            KDF,
            AEAD,
            MODE,
            RECIPIENT_SK,
            ENC,
            Param::required("ct", Kind::Hex { min: TAG_LEN, max: MAX_MSG + TAG_LEN }, "the ciphertext"),
            AAD,
            INFO,
            PSK,
            PSK_ID,
            SENDER_PK,
            Param::default(
                "seq",
                Kind::Count { min: 0, max: MAX_SEQ },
                Default::Int(0),
                "number of the message in its channel",
            ),
        ],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: "RFC 9180, Open; decrypt_failed for every cause",
        randomised: false,
        // RFC 9180, appendix A.2.1.1, sequence number 0.
        example: Example {
            args: concat!(
                r#"{"sk":"8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb","#,
                r#""enc":"1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a","#,
                r#""info":"4f6465206f6e2061204772656369616e2055726e","aad":"utf8:Count-0","#,
                r#""ct":"1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"}"#
            ),
            expect: Expect::Result(r#"{"msg":"4265617574792069732074727574682c20747275746820626561757479"}"#),
        },
        cost,
        run: hpke_open,
    },
    Op {
        name: "hpke_export",
        family: family::ENCRYPTION,
        summary: "the recipient's copy of a secret that hpke_seal exported",
        params: &[
            KEM,
            KDF,
            AEAD,
            MODE,
            RECIPIENT_SK,
            ENC,
            INFO,
            PSK,
            PSK_ID,
            SENDER_PK,
            Param::optional("export_context", SHORT, "name of the secret"),
            Param::default("export_len", Kind::Count { min: 1, max: MAX_EXPORT }, Default::Int(32), "its bytes"),
        ],
        result: "object: secret {exported (hex)}",
        errors: &[DECRYPT_FAILED],
        standard: "RFC 9180, section 5.3",
        randomised: false,
        // RFC 9180, appendix A.2.1.2.
        example: Example {
            args: concat!(
                r#"{"sk":"8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb","#,
                r#""enc":"1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a","#,
                r#""info":"4f6465206f6e2061204772656369616e2055726e","export_context":"utf8:TestContext"}"#
            ),
            expect: Expect::Result(
                r#"{"secret":{"exported":"5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"}}"#,
            ),
        },
        cost,
        run: hpke_export,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    let size = |name: &str| units(args.opt_bytes(name).map_or(0, <[u8]>::len));
    let bytes = ["msg", "ct", "aad", "info", "psk", "psk_id", "export_context"].map(size);
    let kem = Kem::named(args.opt_text("kem").unwrap_or_default()).cost();
    let export = args.opt_count("export_len").unwrap_or(0).saturating_mul(40);
    bytes.iter().sum::<u64>().saturating_mul(20).saturating_add(kem.saturating_mul(4)).saturating_add(export)
}

fn suite(args: &Args<'_>) -> Result<Suite, Error> {
    Ok(Suite {
        kem: Kem::named(args.text("kem")?),
        kdf: Kdf::named(args.text("kdf")?),
        cipher: Cipher::named(args.text("aead")?),
    })
}

/// What the mode asks for, and nothing else.
fn setup<'a>(args: &'a Args<'_>, sender: &str) -> Result<Setup<'a>, Error> {
    let mode = args.text("mode")?;
    let (psk, auth) = (matches!(mode, "psk" | "auth_psk"), matches!(mode, "auth" | "auth_psk"));
    for (name, wanted) in [("psk", psk), ("psk_id", psk), (sender, auth)] {
        match (wanted, args.get(name).is_some()) {
            (true, false) => return Err(args.error(MISSING_ARG, name, "the mode needs this argument")),
            (false, true) => return Err(args.error(OUT_OF_RANGE, name, "the mode takes no such argument")),
            _ => {}
        }
    }
    let bytes = |name: &str| args.opt_bytes(name).unwrap_or_default();
    if psk && bytes("psk_id").is_empty() {
        return Err(args.error(OUT_OF_RANGE, "psk_id", "the name of the shared secret must not be empty"));
    }
    Ok(Setup { auth, info: bytes("info"), psk: bytes("psk"), psk_id: bytes("psk_id") })
}

fn public(args: &Args<'_>, kem: Kem, name: &str) -> Result<Vec<u8>, Error> {
    let message = "no public key of the KEM";
    kem.read_public(args.bytes(name)?).ok_or_else(|| args.error(BAD_ENCODING, name, message))
}

fn sender_channel(args: &Args<'_>, suite: Suite, ctx: &mut Ctx<'_>) -> Result<(Vec<u8>, Channel), Error> {
    let setup = setup(args, "sk_sender")?;
    let pk = public(args, suite.kem, "pk")?;
    let mut ephemeral = Zeroizing::new([0u8; 32]);
    match args.opt_bytes("sk_ephemeral") {
        Some(_) => *ephemeral = *args.array("sk_ephemeral")?,
        None => suite.kem.draw(ctx, &mut ephemeral)?,
    }
    let sender = args.opt_bytes("sk_sender").map(|_| args.array("sk_sender")).transpose()?;
    if let Some(sender) = sender {
        let message = "the key is zero or not below the order of the curve";
        suite.kem.public(sender).ok_or_else(|| args.error(OUT_OF_RANGE, "sk_sender", message))?;
    }
    let made = suite.kem.encapsulate(&ephemeral, &pk, sender)?;
    let made = made.ok_or_else(|| args.error(OUT_OF_RANGE, "pk", "the public key has a small order"))?;
    let channel = suite.schedule(&made.shared, &setup)?;
    Ok((made.enc, channel))
}

/// The recipient's end. An enc or a key that is none fails like everything else.
fn recipient_channel(args: &Args<'_>, suite: Suite) -> Result<Channel, Error> {
    let setup = setup(args, "pk_sender")?;
    let sender = args.opt_bytes("pk_sender").map(|_| public(args, suite.kem, "pk_sender")).transpose()?;
    let sk = args.array::<32>("sk")?;
    let message = "the key is zero or not below the order of the curve";
    suite.kem.public(sk).ok_or_else(|| args.error(OUT_OF_RANGE, "sk", message))?;
    let shared = suite.kem.decapsulate(args.bytes("enc")?, sk, sender.as_deref())?;
    suite.schedule(&shared.ok_or_else(failed)?, &setup)
}

fn failed() -> Error {
    Error::new(DECRYPT_FAILED, "", "wrong key, or something was changed on the way")
}

fn exported(args: &Args<'_>, channel: &Channel) -> Result<Json<'static>, Error> {
    let len = usize::try_from(args.count("export_len")?).unwrap_or(usize::MAX);
    let secret = channel.export(args.opt_bytes("export_context").unwrap_or_default(), len)?;
    Ok(Json::object([("exported", Json::str(hex::encode(&secret)))]))
}

fn hpke_seal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let export_only = suite.cipher == Cipher::ExportOnly;
    match args.opt_bytes("msg").or(args.opt_bytes("aad")) {
        Some(_) if export_only => return Err(args.error(OUT_OF_RANGE, "aead", "export-only encrypts nothing")),
        None if !export_only => return Err(args.error(MISSING_ARG, "msg", "missing argument msg: what to encrypt")),
        _ => {}
    }
    let (enc, channel) = sender_channel(args, suite, ctx)?;
    let mut members: Members<'static> = vec![("enc".into(), Json::str(hex::encode(&enc)))];
    let (seq, aad) = (args.opt_count("seq").unwrap_or(0), args.opt_bytes("aad").unwrap_or_default());
    if let Some(ct) = channel.seal(seq, aad, args.opt_bytes("msg").unwrap_or_default()) {
        members.push(("ct".into(), Json::str(hex::encode(&ct))));
    }
    if args.get("export_context").is_some() {
        members.push(("secret".into(), exported(args, &channel)?));
    }
    Ok(Json::Object(members).into())
}

fn hpke_open(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    if suite.cipher == Cipher::ExportOnly {
        return Err(args.error(OUT_OF_RANGE, "aead", "export-only decrypts nothing; use hpke_export"));
    }
    let aad = args.opt_bytes("aad").unwrap_or_default();
    let opened = recipient_channel(args, suite)?.open(args.count("seq")?, aad, args.bytes("ct")?);
    Ok(Json::object([("msg", Json::str(hex::encode(&opened.ok_or_else(failed)?)))]).into())
}

fn hpke_export(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let channel = recipient_channel(args, suite(args)?)?;
    Ok(Json::object([("secret", exported(args, &channel)?)]).into())
}
