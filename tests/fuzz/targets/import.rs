//! A file for `perennial import`: one token, JSON lines or CSV. Rules: no error repeats a token; a line gives one request
//! or one error, in order; what was read and is written as JSON reads the same; memory is bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use perennial::api::types::ImportRequest;
use perennial::cli::fuzzing::lines;
use perennial_fuzz::memory::bounded;
use serde_json::json;

const TOKEN: &str = "EAAcanary.0123456789";
/// The longest line that is read.
const LONGEST: usize = 64 << 10;
/// A line of one byte becomes a request or an error.
const MEMORY: usize = 400;

fuzz_target!(|input: &[u8]| {
    let file = input.to_vec();
    let found = match bounded(input.len(), MEMORY, || lines(file, Some("acme"))) {
        Ok(found) => found,
        Err(error) => return assert_no_token(&error),
    };
    let last = 1 + input.iter().filter(|byte| **byte == b'\n').count() as u64;
    let mut before = 0;
    for (number, request) in found {
        assert!(
            before < number && number <= last,
            "line {number} after {before}"
        );
        before = number;
        match request {
            Ok(request) => assert_reads_the_same(&request),
            Err(error) => assert_no_token(&error),
        }
    }
});

fn assert_no_token(error: &perennial::cli::Error) {
    let text = format!("{error} {error:?}");
    assert!(!text.contains(TOKEN), "{text}");
}

fn assert_reads_the_same(request: &ImportRequest) {
    let text = format!("{request:?}");
    let token = request.access_token.expose();
    let is_open = [&request.app, request.name.as_ref().unwrap_or(&request.app)]
        .into_iter()
        .chain(&request.owners)
        .chain(&request.require_scopes)
        .any(|open| open.contains(TOKEN));
    assert!(is_open || !text.contains(TOKEN), "{text}");
    let line = json!({
        "access_token": token,
        "app": request.app,
        "name": request.name,
        "owners": request.owners,
        "require_scopes": request.require_scopes,
        "discover": request.discover,
    });
    let line = line.to_string();
    if line.len() > LONGEST {
        return;
    }
    let mut again = lines(line.into_bytes(), None).expect("a line of JSON");
    let (_, again) = again.pop().expect("a request");
    let again = again.expect("a request");
    assert!(again.access_token == request.access_token, "another token");
    assert_eq!(again.app, request.app);
    assert_eq!(again.name, request.name);
    assert_eq!(again.owners, request.owners);
    assert_eq!(again.require_scopes, request.require_scopes);
    assert_eq!(again.discover, request.discover);
}
