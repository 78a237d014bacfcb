//! The request and the answer around an op: strict reading, dispatch, rendering.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::catalogue;
use crate::core::context::{Budget, Calculator, Ctx, Settings};
use crate::core::cost::units;
use crate::core::error::{
    BAD_ENCODING, BAD_TYPE, Error, MISSING_ARG, OUT_OF_RANGE, SEED_NOT_ALLOWED, UNKNOWN_ARG, UNKNOWN_OP, child,
};
use crate::core::help;
use crate::core::hex;
use crate::core::json::{self, Json, Members};
use crate::core::op::{Op, Reply};
use crate::core::registry::Registry;

/// Largest request, and largest line in JSONL mode.
pub const MAX_REQUEST: usize = 1 << 20;
/// Largest answer.
pub const MAX_ANSWER: usize = 2 << 20;
/// Longest `id`, in bytes.
pub const MAX_ID: usize = 128;
/// Longest `seed`, in bytes.
pub const MAX_SEED: usize = 64;

/// Answers one request text with one line of JSON, without the newline. Never panics, always answers.
pub fn respond(registry: &Registry, settings: &Settings, text: &[u8]) -> Vec<u8> {
    let mut id = None;
    let outcome = guard(|| {
        if text.len() > MAX_REQUEST {
            return Err(too_long());
        }
        let members = envelope(json::parse(text)?)?;
        id = read_id(&members)?;
        let request = Request::read(registry, members, settings)?;
        let budget = Budget::new(settings);
        let seed = request.seed.as_deref().map(Vec::as_slice);
        run(request.op, request.args, "/args", &mut Ctx::new(registry, settings, &budget, seed, request.op.name, 0))
    });
    let line = render(&answer(outcome, id.clone(), settings));
    if line.len() <= MAX_ANSWER {
        return line;
    }
    let error = Error::limit("", "the answer would be too large; ask for less", MAX_ANSWER as u64);
    render(&answer(Err(error), id, settings))
}

/// The refusal of a request or line beyond [`MAX_REQUEST`], for callers that never hold it whole.
pub fn refuse_overlong(settings: &Settings) -> Vec<u8> {
    refuse(too_long(), settings)
}

/// The refusal of a request that its carrier could not take in.
pub fn refuse(error: Error, settings: &Settings) -> Vec<u8> {
    render(&answer(Err(error), None, settings))
}

fn too_long() -> Error {
    Error::limit("", "the request is longer than 1 MiB", MAX_REQUEST as u64)
}

/// Runs `f`; a panic inside becomes an `internal` error, so that a bad request never ends the server.
pub fn guard<T>(f: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(f))
        .unwrap_or_else(|_| Err(Error::internal("a fault in the calculator; the request did no harm")))
}

/// A request whose envelope has been checked; the arguments have not.
struct Request<'a> {
    op: &'static Op,
    args: Members<'a>,
    seed: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> Request<'a> {
    fn read(registry: &Registry, members: Members<'a>, settings: &Settings) -> Result<Self, Error> {
        let (mut name, mut args, mut seed) = (None, None, None);
        for (key, value) in members {
            match key.as_ref() {
                "op" => name = Some(value),
                "args" => args = Some(value),
                "seed" => seed = Some(value),
                "id" => {}
                key => {
                    let message = "unknown field; a request has op, args, and optionally id and seed. The op's own \
                                   arguments go inside args";
                    return Err(Error::new(UNKNOWN_ARG, child("", key), message));
                }
            }
        }
        let op = find_op(registry, name)?;
        let seed = seed.map(|seed| read_seed(&seed, settings)).transpose()?;
        let args = match args {
            Some(Json::Object(members)) => members,
            None => Vec::new(),
            Some(_) => return Err(Error::new(BAD_TYPE, "/args", "args must be an object")),
        };
        Ok(Self { op, args, seed })
    }
}

fn envelope(value: Json<'_>) -> Result<Members<'_>, Error> {
    match value {
        Json::Object(members) => Ok(members),
        _ => Err(Error::new(BAD_TYPE, "", "a request is a JSON object with op and args")),
    }
}

fn read_id(members: &Members<'_>) -> Result<Option<String>, Error> {
    match members.iter().find(|(key, _)| key == "id").map(|(_, value)| value) {
        None => Ok(None),
        Some(Json::Str(id)) if id.len() <= MAX_ID => Ok(Some(id.clone().into_owned())),
        Some(Json::Str(_)) => Err(Error::limit("/id", "id is longer than 128 bytes", MAX_ID as u64)),
        Some(_) => Err(Error::new(BAD_TYPE, "/id", "id must be a string")),
    }
}

fn find_op(registry: &Registry, name: Option<Json<'_>>) -> Result<&'static Op, Error> {
    match name {
        Some(Json::Str(name)) => {
            registry.find(&name).ok_or_else(|| Error::new(UNKNOWN_OP, "/op", registry.unknown(&name)))
        }
        Some(_) => Err(Error::new(BAD_TYPE, "/op", "op must be a string")),
        None => Err(Error::new(MISSING_ARG, "/op", "missing field op; the op `help` lists all")),
    }
}

fn read_seed(seed: &Json<'_>, settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Error> {
    if !settings.seeded {
        let message = "a seed is taken in seeded mode only; start the calculator with --seeded";
        return Err(Error::new(SEED_NOT_ALLOWED, "/seed", message));
    }
    let text =
        seed.as_str().ok_or_else(|| Error::new(BAD_TYPE, "/seed", "seed must be a string of lowercase hex"))?;
    let bytes = hex::decode(text).map(Zeroizing::new).ok_or_else(|| {
        Error::new(BAD_ENCODING, "/seed", hex::message(text, "expected lowercase hex, two digits a byte"))
    })?;
    match bytes.len() {
        0 => Err(Error::new(OUT_OF_RANGE, "/seed", "the seed is empty")),
        1..=MAX_SEED => Ok(bytes),
        _ => Err(Error::limit("/seed", "the seed is longer than 64 bytes", MAX_SEED as u64)),
    }
}

/// What an op answered, and whether it worked with sizes that protect nothing.
struct Outcome {
    reply: Reply,
    toy: bool,
}

/// Checks the arguments against the op's row, takes the cost from the budget, and runs the op.
fn run(op: &'static Op, args: Members<'_>, path: &str, ctx: &mut Ctx<'_>) -> Result<Outcome, Error> {
    let args = Args::read(op.params, args, path, ctx.settings.seeded)?;
    ctx.budget.spend((op.cost)(&args))?;
    ctx.budget.prepay(0);
    let reply = (op.run)(&args, ctx)?;
    Ok(Outcome { reply, toy: ctx.is_toy() })
}

impl Calculator for Registry {
    fn version(&self) -> (String, u64) {
        (catalogue::digest(self), units(self.all().count()))
    }

    fn catalogue(&self) -> Json<'static> {
        catalogue::json(self)
    }

    fn help(&self, args: &Args<'_>) -> Result<Json<'static>, Error> {
        help::answer(self, args)
    }

    fn answer_item(&self, item: &Json<'_>, index: u64, ctx: &Ctx<'_>) -> Json<'static> {
        respond_item(self, item, index, ctx)
    }
}

/// Answers one item of a batch: its own request, except for the seed and the budget, which are the batch's.
fn respond_item(registry: &Registry, item: &Json<'_>, index: u64, ctx: &Ctx<'_>) -> Json<'static> {
    let mut id = None;
    let outcome = guard(|| {
        let members = envelope(item.clone())?;
        id = read_id(&members)?;
        if members.iter().any(|(key, _)| key == "seed") {
            return Err(Error::new(SEED_NOT_ALLOWED, "/seed", "the seed of the batch serves every item"));
        }
        let request = Request::read(registry, members, ctx.settings)?;
        if request.op.name == "batch" {
            return Err(Error::new(OUT_OF_RANGE, "/op", "a batch cannot hold a batch"));
        }
        ctx.tick()?;
        let stream = index.saturating_add(1);
        let mut inner = Ctx::new(ctx.calculator, ctx.settings, ctx.budget, ctx.seed, request.op.name, stream);
        run(request.op, request.args, "/args", &mut inner)
    });
    // Seeded mode is said once, on the answer of the batch.
    answer(outcome, id, &Settings { seeded: false, ..*ctx.settings })
}

fn answer(outcome: Result<Outcome, Error>, id: Option<String>, settings: &Settings) -> Json<'static> {
    let mut members: Members<'static> = Vec::with_capacity(6);
    let mut put = |key: &'static str, value: Json<'static>| members.push((Cow::Borrowed(key), value));
    match outcome {
        Ok(Outcome { reply, toy }) => {
            put("ok", Json::Bool(true));
            put("result", reply.result);
            // Next to the result, so that the result can be an argument of the next op as it is.
            if toy {
                put("toy", Json::Bool(true));
            }
            if let Some(warning) = reply.warning {
                put("warning", Json::str(warning));
            }
            if settings.seeded {
                put("deterministic", Json::Bool(true));
            }
        }
        Err(error) => {
            put("ok", Json::Bool(false));
            put("error", error_json(error));
        }
    }
    if let Some(id) = id {
        put("id", Json::str(id));
    }
    Json::Object(members)
}

fn error_json(error: Error) -> Json<'static> {
    let error = error.into_fault();
    let mut members: Members<'static> = vec![
        (Cow::Borrowed("code"), Json::str(error.code)),
        (Cow::Borrowed("message"), Json::Str(error.message)),
        (Cow::Borrowed("path"), Json::str(error.path)),
    ];
    if let Some(limit) = error.limit {
        members.push((Cow::Borrowed("limit"), Json::count(limit)));
    }
    if !error.replayable {
        members.push((Cow::Borrowed("replayable"), Json::Bool(false)));
    }
    Json::Object(members)
}

fn render(value: &Json<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    json::write(value, &mut out);
    out
}
