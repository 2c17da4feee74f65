//! Graph versions end, and those of the Marketing API sooner. That is the app's problem, and no token's.

use std::fs;
use std::time::Duration;

use perennial::graph_api::VersionNotices;
use perennial::graph_sim::{
    Endpoint, Fault, FaultRule, InjectedError, PageSelection, SystemUserValidity,
};
use perennial::model::{Cause, EventKind, IncidentFilter, State, TokenId};
use perennial::rotation::budget_of;
use serde_json::Value;

use crate::world::office::Office;
use crate::world::{APP, OPERATOR, Result, World, days, hours};

const ADS: &[&str] = &["email", "ads_read"];
/// As Meta words it.
const WARNING: &str = "The call has been auto-upgraded to v26.0 as v25.0 will be deprecated.";

fn ended() -> Fault {
    Fault::Error(InjectedError {
        status: 400,
        code: 2635,
        subcode: None,
        is_transient: None,
        message: "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v27.0."
            .to_owned(),
    })
}

/// Waits until the daemon's report about its app shows this.
async fn until(office: &Office, shows: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut app = Value::Null;
    for _ in 0..600 {
        let (_, body) = office.daemon.http("GET", "/v1/status", "")?;
        let status: Value = serde_json::from_str(&body)?;
        app = status["apps"][0].clone();
        if shows(&app) {
            return Ok(app);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("the daemon never showed it: {app}").into())
}

fn import_for_ads(office: &Office) -> Result {
    let person = office.world.person("Anna");
    let token = {
        let mut meta = office.world.meta.world();
        meta.log_in(APP, &person, ADS, PageSelection::All)?
    };
    let ended = office.ask("import --app acme --name ads", &token)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_with_a_token_for_ads_goes_by_the_dates_of_the_marketing_api() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    office.daemon.follow_until("healthy")?;
    let app = until(&office, |app| app["calls_last_hour"] != 0).await?;
    assert_eq!(app["graph_version_ends_on"], "2028-07-29", "{app}");
    assert_eq!(app["uses_ads"], false);

    import_for_ads(&office)?;
    let app = until(&office, |app| app["uses_ads"] == true).await?;
    assert_eq!(app["graph_version_ends_on"], "2027-02-23", "{app}");
    let shown = office.ask("status", "")?.out;
    assert!(
        shown.contains("v25.0, ends for ads 2027-02-23")
            || shown.contains("v25.0, ended for ads 2027-02-23"),
        "{shown}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_says_counts_before_the_built_in_dates() -> Result {
    let office = Office::open().await?;
    let file = office.premises.path("perennial.toml");
    let soon = perennial::daemon::clock::now() + days(30);
    let day = soon.strftime("%F").to_string();
    let own = format!("calls_per_hour = 10000\nversion_ends = {{ \"v25.0\" = {day} }}");
    let text = fs::read_to_string(&file)?.replace("calls_per_hour = 10000", &own);
    fs::write(&file, text)?;
    assert_eq!(office.ask("reload", "")?.code, Some(0));

    let app = until(&office, |app| app["graph_version_ends_on"] == day.as_str()).await?;
    let problem = format!("app acme: Graph v25.0 ends on {day}. Set a newer graph_version");
    assert_eq!(app["version_problems"][0], problem.as_str());
    let status = office.ask("status", "")?;
    assert!(status.out.contains(&problem), "{}", status.out);
    let doctor = office.ask("doctor", "")?;
    assert!(doctor.out.contains(&day), "{}", doctor.out);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_warning_about_the_version_is_heard_and_shown() -> Result {
    let office = Office::open().await?;
    let warning = Fault::VersionWarning(WARNING.to_owned());
    office.world.meta.world().inject(FaultRule::new(warning));
    import_for_ads(&office)?;
    let heard = |app: &Value| {
        app["version_problems"]
            .to_string()
            .contains("auto-upgraded")
    };
    until(&office, heard).await?;

    let status = office.ask("status", "")?;
    for part in [
        "Meta warns about version v25.0 of the Marketing API",
        "Set a newer graph_version",
    ] {
        assert!(status.out.contains(part), "{}", status.out);
    }
    let doctor = office.ask("doctor", "")?;
    assert!(
        doctor.out.contains("Meta warns about version v25.0"),
        "{}",
        doctor.out
    );
    let log = fs::read_to_string(office.premises.path("log"))?;
    let warnings = log
        .lines()
        .filter(|line| line.contains("Meta warns about version v25.0"));
    assert_eq!(
        warnings.count(),
        1,
        "once a day, though each answer says it"
    );
    let tokens = office.ask("tokens", "")?.out;
    assert!(tokens.contains("healthy"), "{tokens}");
    Ok(())
}

impl World {
    async fn version_notices(&self) -> Result<VersionNotices> {
        let app = self.inventory.read(|view| view.app("acme")).await?;
        Ok(budget_of(&app).version)
    }

    async fn import_ads(&mut self, name: &str) -> Result<TokenId> {
        let person = self.person(name);
        let token = {
            let mut meta = self.meta.world();
            meta.log_in(APP, &person, ADS, PageSelection::All)?
        };
        let id = self.import(name, &token).await?;
        self.pass().await?;
        assert_eq!(self.state(id).await?, State::Healthy);
        Ok(id)
    }
}

/// Most checks change nothing, and show it all the same.
#[tokio::test]
async fn an_app_goes_by_the_dates_of_the_marketing_api_as_long_as_it_has_such_a_token() -> Result {
    let mut world = World::new().await?;
    let person = world.person("Anna");
    let robot = {
        let mut meta = world.meta.world();
        let user = meta.add_system_user(APP, "ads")?;
        meta.system_user_token(APP, &user, ADS, SystemUserValidity::Never)?
    };
    world.import("robot", &robot).await?;
    let other = world.log_in(&person)?;
    world.import("anna", &other).await?;
    for _ in 0..4 {
        world.live(days(40)).await?;
        assert!(
            world.version_notices().await?.uses_ads(world.now),
            "{}",
            world.now
        );
    }
    Ok(())
}

/// Meta refuses the version in some answers and gives others.
#[tokio::test]
async fn a_token_stays_healthy_while_meta_refuses_the_version() -> Result {
    let mut world = World::new().await?;
    let id = world.import_ads("anna").await?;
    assert!(world.version_notices().await?.uses_ads(world.now));

    for _ in 0..3 {
        let rule = FaultRule::new(ended()).on(Endpoint::DebugToken).times(1);
        world.meta.world().inject(rule);
        world.live_with_post(days(1), hours(1)).await?;
    }
    assert_eq!(world.state(id).await?, State::Healthy);
    let changes = world.told(EventKind::Changed).await?;
    assert_eq!(changes, 1, "it was unverified, and has been healthy since");
    let notices = world.version_notices().await?;
    assert!(notices.refusal("v25.0", world.now).is_some());
    let about_a_token = |mail: &crate::world::Mail| !mail.0.contains(OPERATOR);
    assert!(
        !world.mail()?.iter().any(about_a_token),
        "{:?}",
        world.mail()?
    );
    Ok(())
}

/// Meta refuses the version in every answer.
#[tokio::test]
async fn a_version_that_has_ended_is_one_incident_of_the_app() -> Result {
    let mut world = World::new().await?;
    let mut ids = Vec::new();
    for name in ["anna", "berta", "carla", "dora"] {
        ids.push(world.import_ads(name).await?);
    }
    world
        .meta
        .world()
        .inject(FaultRule::new(ended()).on(Endpoint::DebugToken));
    world.live_with_post(hours(30), hours(1)).await?;

    let open = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 9))
        .await?;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].incident_key.cause, Cause::VersionEnded);
    assert_eq!(open[0].incident_key.subject, "");
    let mail = world.mail()?;
    assert_eq!(mail.len(), 1, "{mail:?}");
    assert!(
        mail[0].subject().contains("Set a newer Graph version"),
        "{}",
        mail[0].0
    );
    assert!(mail[0].0.contains(OPERATOR), "{}", mail[0].0);
    for id in &ids {
        assert_ne!(world.state(*id).await?, State::Dead);
    }

    world.meta.world().heal();
    world.live_with_post(hours(2), hours(1)).await?;
    for id in &ids {
        assert_eq!(world.state(*id).await?, State::Healthy);
    }
    let open = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 9))
        .await?;
    assert_eq!(open.len(), 0, "{open:?}");
    Ok(())
}
