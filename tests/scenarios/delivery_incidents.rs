//! A sink that does not take its tokens, and a consumer that goes on with an earlier version: one incident for each, and
//! emails to the operators that name them.

use jiff::SignedDuration;
use perennial::delivery::{Account, FileFormat, FileSink, Sink, SinkWorker, Target};
use perennial::inventory::Confirmed;
use perennial::model::{IncidentFilter, OnDead, TokenId};

use crate::world::{Mail, OPERATOR, Result, World, days, hours, minutes};

/// A world with one sink of files.
struct Company {
    world: World,
    worker: SinkWorker,
    maria: String,
    token: TokenId,
    folder: tempfile::TempDir,
}

impl Company {
    async fn open(reader: &str, grace: Option<SignedDuration>) -> Result<Self> {
        let mut world = World::new().await?;
        let folder = tempfile::tempdir()?;
        let sink = Sink {
            name: "bots".to_owned(),
            tokens: vec!["acme-*".to_owned()],
            target: Target::File(FileSink {
                path: format!("{}/tokens/{{name}}", folder.path().display()),
                readers: vec![Account::parse(reader)],
                format: FileFormat::Raw,
            }),
            on_dead: OnDead::Keep,
            grace,
        };
        world.inventory.set_sinks(vec![sink.tokens()]);
        let worker = SinkWorker::new(world.inventory.clone(), sink)?;
        let maria = world.person("Maria Example");
        let token = world.import("acme-maria", &world.log_in(&maria)?).await?;
        world.pass().await?;
        Ok(Self {
            world,
            worker,
            maria,
            token,
            folder,
        })
    }

    /// Delivers and writes emails every ten minutes.
    async fn live(&mut self, span: SignedDuration) -> Result {
        let end = self.world.now + span;
        while self.world.now < end {
            self.world.live(minutes(10)).await?;
            while self.worker.pass(self.world.now).await? > 0 {}
            self.world.post().await?;
        }
        Ok(())
    }

    /// The person logs in again, which puts a new version in use.
    async fn log_in_again(&mut self) -> Result {
        let newer = self.world.log_in(&self.maria)?;
        self.world.put_secret(self.token, &newer).await?;
        self.live(minutes(10)).await
    }

    async fn sees(&self, consumer: &'static str, version: u32) -> Result {
        let (token, now) = (self.token, self.world.now);
        let seen = self
            .world
            .inventory
            .write(move |tx| tx.record_seen(token, consumer, version, now));
        Ok(seen.await?)
    }

    async fn confirms(&self, consumer: &'static str, version: u32) -> Result {
        let (token, now) = (self.world.token(self.token).await?, self.world.now);
        let confirmed = self
            .world
            .inventory
            .write(move |tx| tx.confirm_use(&token, consumer, version, now));
        assert_eq!(confirmed.await?, Confirmed::Recorded);
        Ok(())
    }

    fn subjects(&self) -> Result<Vec<String>> {
        let mail = self.world.mail()?;
        Ok(mail.iter().map(|mail| mail.subject().to_owned()).collect())
    }

    /// A second and last email says that it is over.
    fn has_ended(&self) -> Result {
        let subjects = self.subjects()?;
        let [_, over] = subjects.as_slice() else {
            return Err(format!("{subjects:?}").into());
        };
        assert!(
            over.starts_with("Working again after ") && over.ends_with(": delivery to bots"),
            "{over}"
        );
        Ok(())
    }

    async fn open_incidents(&self) -> Result<usize> {
        let incidents = self
            .world
            .inventory
            .read(|view| view.incidents(IncidentFilter::Unresolved, 9));
        Ok(incidents.await?.len())
    }
}

fn unfolded(mail: &Mail) -> String {
    mail.0.replace("=\r\n", "")
}

#[tokio::test]
async fn a_consumer_that_does_not_confirm_within_its_grace_is_named_once_and_until_it_does()
-> Result {
    let mut company = Company::open("root", Some(days(1))).await?;
    company.live(days(2)).await?;
    assert!(
        company.subjects()?.is_empty(),
        "the first version is no change"
    );
    company.confirms("root", 1).await?;
    company.sees("reports", 1).await?;

    company.log_in_again().await?;
    company.live(hours(23)).await?;
    assert_eq!(company.open_incidents().await?, 0);
    company.live(hours(2)).await?;
    let mail = company.world.mail()?;
    let [told] = mail.as_slice() else {
        return Err(format!("{mail:?}").into());
    };
    assert_eq!(
        told.subject(),
        "Delivery to bots: Update programs that use an earlier version"
    );
    assert!(told.0.contains(&format!("To: {OPERATOR}")), "{told:?}");
    for line in [
        "reports uses version 1",
        "root uses version 1",
        "bots has not confirmed version 2",
        "perennial consumers acme-maria --remove CONSUMER",
    ] {
        assert!(unfolded(told).contains(line), "{line}: {told:?}");
    }

    // One is retired, the other confirms; its confirmation stands for the file that it reads.
    let (token, now) = (company.token, company.world.now);
    let retire = company
        .world
        .inventory
        .write(move |tx| tx.retire_consumer(token, "reports", now));
    assert!(retire.await?);
    company.live(hours(1)).await?;
    assert_eq!(company.open_incidents().await?, 1);
    company.confirms("root", 2).await?;
    company.live(hours(1)).await?;
    assert_eq!(company.open_incidents().await?, 0);
    company.has_ended()
}

#[tokio::test]
async fn without_a_grace_nobody_is_told() -> Result {
    let mut company = Company::open("root", None).await?;
    company.live(hours(1)).await?;
    company.confirms("root", 1).await?;
    company.log_in_again().await?;
    company.live(days(5)).await?;
    assert!(company.subjects()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_program_that_goes_back_to_an_earlier_version_lags_again() -> Result {
    let mut company = Company::open("root", Some(hours(2))).await?;
    company.live(hours(1)).await?;
    company.confirms("root", 1).await?;
    company.log_in_again().await?;
    company.confirms("root", 2).await?;
    company.live(days(1)).await?;
    assert_eq!(company.open_incidents().await?, 0);
    company.confirms("root", 1).await?;
    company.live(hours(3)).await?;
    assert_eq!(company.open_incidents().await?, 1);
    // The newest version needs no confirmation of the one before it.
    company.log_in_again().await?;
    company.confirms("root", 3).await?;
    company.live(hours(1)).await?;
    assert_eq!(company.open_incidents().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_sink_that_fails_is_one_incident_through_retries_and_new_versions() -> Result {
    let mut company = Company::open("nobody-of-this-name", None).await?;
    company.live(minutes(50)).await?;
    assert!(company.subjects()?.is_empty(), "it may pass");
    company.live(hours(2)).await?;
    let mail = company.world.mail()?;
    let [told] = mail.as_slice() else {
        return Err(format!("{mail:?}").into());
    };
    assert_eq!(
        told.subject(),
        "Delivery to bots: Correct what stops the delivery"
    );
    let text = unfolded(told);
    assert!(text.contains("nobody-of-this-name"), "{told:?}");
    assert!(text.contains("perennial deliveries --retry bots"));

    // Neither another try nor another version is the end of it.
    let now = company.world.now;
    let retry = company
        .world
        .inventory
        .write(move |tx| tx.retry_deliveries(None, now));
    assert_eq!(retry.await?, 1);
    company.log_in_again().await?;
    company.live(hours(5)).await?;
    assert_eq!(company.subjects()?.len(), 1);
    assert_eq!(company.open_incidents().await?, 1);

    let path = company.folder.path().join("tokens/acme-maria");
    if let Target::File(file) = &mut company.worker.sink.target {
        file.readers = vec![Account::parse("root")];
    }
    company.live(hours(2)).await?;
    assert!(path.exists());
    assert_eq!(company.open_incidents().await?, 0);
    company.has_ended()
}

#[tokio::test]
async fn the_incident_of_a_sink_that_is_no_longer_configured_ends() -> Result {
    let mut company = Company::open("nobody-of-this-name", None).await?;
    company.live(hours(3)).await?;
    assert_eq!(company.open_incidents().await?, 1);
    company.world.inventory.set_sinks(Vec::new());
    company.world.live(minutes(10)).await?;
    company.world.post().await?;
    assert_eq!(company.open_incidents().await?, 0);
    Ok(())
}
