//! What a program reads: commands that act print JSON on standard output, and everything else on standard error.

use serde_json::Value;

use crate::world::Result;
use crate::world::office::{Ended, Office};

impl Ended {
    /// Standard output, each line of which is a document.
    fn documents(&self) -> Result<Vec<Value>> {
        let lines = self.out.lines();
        Ok(lines
            .map(serde_json::from_str)
            .collect::<std::result::Result<_, _>>()?)
    }

    fn document(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.out)?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_have_a_line_for_each_token() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    let person = office.world.person("Paul");
    let token = office.world.log_in(&person)?;
    office.ask("import --app acme --name paul", &token)?;
    office.world.meta.world().change_password(&person)?;

    let ended = office.ask("check maria nobody paul --json", "")?.with(
        1,
        &[],
        &["nobody: there is no token with this name", "maria: healthy"],
    );
    let mut results = ended.documents()?;
    results.sort_by_key(|result| result["token"].as_str().map(str::to_owned));
    let [maria, nobody, paul] = results.as_slice() else {
        return Err(format!("{results:?}").into());
    };
    assert_eq!(
        (&maria["succeeded"], &maria["state"]),
        (&true.into(), &"healthy".into())
    );
    assert_eq!(maria["events"][0]["kind"], "checked");
    assert_eq!(
        (&paul["succeeded"], &paul["state"]),
        (&false.into(), &"dead".into())
    );
    let changed = &paul["events"][0];
    assert_eq!(
        (&changed["kind"], &changed["detail"]["code"]),
        (&"changed".into(), &190.into())
    );
    assert_eq!(
        nobody["problem"]["type"],
        "urn:perennial:problem:no-such-token"
    );
    assert!(maria["problem"].is_null() && nobody["state"].is_null());

    let rotated = office.ask("rotate maria --json", "")?;
    assert_eq!(rotated.code, Some(1), "Meta gave it no later end");
    let rotated = rotated.document()?;
    assert_eq!(rotated["events"][0]["detail"]["outcome"], "same_expiry");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_many_has_a_line_for_each_of_theirs() -> Result {
    let office = Office::open().await?;
    let file = "access_token,name\nEAAcanary1,one\nEAAcanary2,one\n\nEAAcanary1,\n\"EAAcanary3,x\n";
    let ended = office.ask("import --app acme --json -", file)?.with(
        1,
        &[],
        &[
            "1 added, 1 already known, 2 refused (lines 3, 6)",
            "line 3: another token has the name one",
        ],
    );
    assert!(!ended.out.contains("canary"), "{ended:?}");
    let results = ended.documents()?;
    let of = |name: &str| {
        results
            .iter()
            .map(|it| it[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("line"), [2, 3, 5, 6]);
    assert_eq!(of("status"), [201, 409, 200, 422]);
    assert_eq!(
        of("name"),
        ["one".into(), Value::Null, "one".into(), Value::Null]
    );
    assert_eq!(
        results[1]["problem"]["type"],
        "urn:perennial:problem:name-taken"
    );
    assert!(results[0]["problem"].is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_one_ends_with_the_token() -> Result {
    let office = Office::open().await?;
    let person = office.world.person("Maria");
    let token = office.world.log_in(&person)?;
    let import = "import --app acme --name maria --json";
    for words in ["Added as maria", "already in the inventory as maria"] {
        let ended = office.ask(import, &token)?.with(0, &[], &[words]);
        let (_, shown) = office.daemon.http("GET", "/v1/tokens/maria", "")?;
        assert_eq!(ended.out.trim_end(), shown.trim_end());
        let imported = ended.document()?;
        assert_eq!(
            (&imported["name"], &imported["state"]),
            (&"maria".into(), &"healthy".into())
        );
    }
    let newer = office.world.log_in(&person)?;
    let replaced = office.ask("import --replace maria --json", &newer)?;
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    assert_eq!(replaced.document()?["version"], 2);

    let refused = office.ask("import --app nowhere --json", &newer)?;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_email_and_the_look_from_outside_are_documents() -> Result {
    let office = Office::open().await?;
    let sent = office.ask("mail-test boss@example.com --json", "")?;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let event = sent.document()?;
    assert_eq!(event["kind"], "email_sent");
    assert!(event["detail"]["file"].is_string(), "{event}");

    let late = office.ask("mail-test boss@example.com --json --timeout 0s", "")?;
    let late = late.with(1, &[], &["has not been sent yet"]);
    assert!(late.document()?["message_id"].is_string());

    let well = office.ask("doctor --json", "")?;
    assert_eq!((well.code, well.err.as_str()), (Some(0), ""));
    let mut found = well.document()?;
    assert!(found["nodes"][0]["name"].is_string(), "{found}");
    found["nodes"] = serde_json::json!([]);
    let checks = found["checks"].as_array().ok_or("no checks")?;
    let daemon = checks.iter().find(|it| it["check"] == "daemon");
    let mut daemon = daemon.ok_or("no daemon")?.clone();
    assert!(daemon["says"].is_string(), "{found}");
    daemon["says"] = Value::Null;
    assert_eq!(
        daemon,
        serde_json::json!({"group": "daemon", "check": "daemon", "result": "good", "says": null, "to_do": null})
    );
    found["checks"] = serde_json::json!([]);
    assert_eq!(found, serde_json::json!({"checks": [], "nodes": []}));
    Ok(())
}
