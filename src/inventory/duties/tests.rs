//! Several nodes on one inventory: the rows are real, and the moments are those that each test names.

mod nodes;

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::inventory::Tx;
use crate::inventory::tests::Bench;

fn node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        id: format!("id of {name}"),
    }
}

fn app() -> Duty {
    Duty::App("acme".to_owned())
}

fn wanted() -> Vec<Duty> {
    vec![app(), Duty::Email]
}

async fn keep(duties: &Duties, inventory: &Inventory) -> DutyChange {
    let wanted = wanted();
    let kept = duties.keep(inventory, &wanted, Instant::now());
    kept.await.unwrap()
}

fn held(duties: &Duties) -> Option<Held> {
    duties.held(&app(), Instant::now())
}

async fn write(inventory: &Inventory, held: &Held) -> Result<(), Error> {
    let inventory = inventory.on_behalf_of(held);
    inventory.write(|tx| tx.clock().map(drop)).await
}

/// What the term does by itself.
async fn end_all(inventory: &Inventory) {
    let end = inventory.write(|tx| tx.db.run("UPDATE duty SET ends_at = 1", &[]));
    end.await.unwrap();
}

#[tokio::test]
async fn one_node_holds_a_duty_until_it_gives_it_up() {
    let (bench, lima, oslo) = (Bench::new(), node("lima"), node("oslo"));
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(lima), Duties::shared(oslo));
    let taken = keep(&lima, &inventory).await.taken;
    assert_eq!(taken, [app(), Duty::Email]);
    assert_eq!(keep(&oslo, &inventory).await, DutyChange::default());
    assert_eq!(keep(&lima, &inventory).await, DutyChange::default());
    assert!(held(&oslo).is_none());
    assert!(!oslo.is_one_free(&inventory, &wanted()).await.unwrap());
    let of_lima = held(&lima).unwrap();
    write(&inventory, &of_lima).await.unwrap();

    lima.give_up(&inventory).await.unwrap();
    assert!(held(&lima).is_none() && !of_lima.is_relied_on(Instant::now()));
    assert!(oslo.is_one_free(&inventory, &wanted()).await.unwrap());
    assert_eq!(keep(&oslo, &inventory).await.taken, [app(), Duty::Email]);
    let late = write(&inventory, &of_lima).await.unwrap_err();
    assert!(
        matches!(&late, Error::DutyLost(duty) if *duty == app()),
        "{late}"
    );
    write(&inventory, &held(&oslo).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_duty_whose_term_ends_is_taken_over_and_the_earlier_holder_writes_nothing_more() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&lima, &inventory).await;
    let of_lima = held(&lima).unwrap();
    end_all(&inventory).await;
    write(&inventory, &of_lima)
        .await
        .expect("nobody has taken it over");
    assert_eq!(
        keep(&lima, &inventory).await,
        DutyChange::default(),
        "it is renewed"
    );
    end_all(&inventory).await;
    assert_eq!(keep(&oslo, &inventory).await.taken, [app(), Duty::Email]);

    assert!(of_lima.is_relied_on(Instant::now()), "it does not know yet");
    let late = write(&inventory, &of_lima).await.unwrap_err();
    assert!(matches!(late, Error::DutyLost(_)), "{late}");
    assert_eq!(keep(&lima, &inventory).await.lost, [app(), Duty::Email]);
    assert!(held(&lima).is_none());

    end_all(&inventory).await;
    assert_eq!(keep(&lima, &inventory).await.taken, [app(), Duty::Email]);
    let again = write(&inventory, &of_lima).await;
    assert!(
        again.is_err(),
        "a pass of the earlier tenure stays without it"
    );
    write(&inventory, &held(&lima).unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_given_up() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&lima, &inventory).await;
    let rest = lima.keep(&inventory, &[Duty::Email], Instant::now());
    assert_eq!(rest.await.unwrap().lost, [app()]);
    assert_eq!(keep(&oslo, &inventory).await.taken, [app()]);
}

/// Such as an email that is under way: it ends, and is recorded, before another node begins.
#[tokio::test]
async fn a_node_that_may_not_lead_leaves_its_duties_to_the_end_of_their_terms() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&lima, &inventory).await;
    let under_way = held(&lima).unwrap();

    lima.suspend(&inventory).await.unwrap();
    assert!(held(&lima).is_none(), "nothing begins");
    assert!(!under_way.is_relied_on(Instant::now()));
    assert_eq!(keep(&oslo, &inventory).await, DutyChange::default());
    write(&inventory, &under_way).await.unwrap();

    let resumed = vec![app(), Duty::Email];
    assert_eq!(keep(&lima, &inventory).await.resumed, resumed);
    assert!(held(&lima).is_some() && under_way.is_relied_on(Instant::now()));
    assert_eq!(keep(&lima, &inventory).await, DutyChange::default());

    lima.suspend(&inventory).await.unwrap();
    end_all(&inventory).await;
    assert_eq!(keep(&oslo, &inventory).await.taken, [app(), Duty::Email]);
    assert!(write(&inventory, &under_way).await.is_err());
    assert_eq!(keep(&lima, &inventory).await.lost, [app(), Duty::Email]);
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_given_up_once_what_has_begun_has_ended() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&lima, &inventory).await;
    let sweep = inventory.on_behalf_of(&held(&lima).unwrap());
    let rest = || lima.keep(&inventory, &[Duty::Email], Instant::now());

    assert_eq!(rest().await.unwrap(), DutyChange::default());
    assert!(held(&lima).is_none() && !sweep.may_act(), "nothing begins");
    assert_eq!(keep(&oslo, &inventory).await, DutyChange::default());
    sweep.write(|tx| tx.clock().map(drop)).await.unwrap();
    drop(sweep);
    assert_eq!(rest().await.unwrap().lost, [app()]);
    assert_eq!(keep(&oslo, &inventory).await.taken, [app()]);
}

#[tokio::test]
async fn a_node_that_never_heard_that_it_took_a_duty_takes_it_again() {
    let bench = Bench::new();
    let inventory = bench.open();
    keep(&Duties::shared(node("lima")), &inventory).await;
    let lima = Duties::shared(node("lima"));
    assert_eq!(keep(&lima, &inventory).await.taken, [app(), Duty::Email]);
    write(&inventory, &held(&lima).unwrap()).await.unwrap();
}

#[tokio::test]
async fn nodes_are_listed_with_what_they_hold() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&oslo, &inventory).await;
    keep(&lima, &inventory).await;
    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    let shown: Vec<(&str, &[Duty])> = nodes
        .iter()
        .map(|node| (node.name.as_str(), node.duties.as_slice()))
        .collect();
    assert_eq!(
        shown,
        [("lima", &[] as &[Duty]), ("oslo", &[app(), Duty::Email])]
    );
    assert!(
        nodes
            .iter()
            .all(|node| node.version == env!("CARGO_PKG_VERSION"))
    );

    oslo.give_up(&inventory).await.unwrap();
    keep(&lima, &inventory).await;
    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    assert_eq!(nodes.len(), 1, "it has left");
    assert_eq!(nodes[0].duties, [app(), Duty::Email]);
}

#[tokio::test]
async fn a_node_replaces_earlier_runs_of_itself_and_notices_a_namesake() {
    let bench = Bench::new();
    let inventory = bench.open();
    let lima = Duties::shared(node("lima"));
    keep(&lima, &inventory).await;
    let again = Node {
        id: "another run".to_owned(),
        ..node("lima")
    };
    let again = Duties::shared(again);
    keep(&again, &inventory).await;
    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    assert_eq!(nodes.len(), 1);

    let forget = |tx: &Tx<'_>| tx.db.run("UPDATE node SET seen_at = 0", &[]);
    let has_namesake = |duties: &Duties| match &*duties.0 {
        Place::Shared { state, .. } => locked(state).has_namesake,
        Place::Alone(_) => false,
    };
    assert!(!has_namesake(&lima) && !has_namesake(&again));
    keep(&lima, &inventory).await;
    assert!(has_namesake(&lima), "the earlier run was none");
    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    assert_eq!(nodes.len(), 2);

    inventory.write(forget).await.unwrap();
    keep(&Duties::shared(node("oslo")), &inventory).await;
    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["oslo"], "the others were not seen for long");
}

#[tokio::test]
async fn a_node_that_is_alone_holds_everything_and_writes_nothing_about_it() {
    let bench = Bench::new();
    let inventory = bench.open();
    let duties = inventory.duties(node("lima"));
    let before = inventory.work();
    assert_eq!(keep(&duties, &inventory).await, DutyChange::default());
    assert!(!duties.is_one_free(&inventory, &wanted()).await.unwrap());
    let held = duties.held(&Duty::Nightly, Instant::now()).unwrap();
    assert_eq!(inventory.work(), before);
    let on_behalf = inventory.on_behalf_of(&held);
    assert!(on_behalf.1.is_none(), "its writes compare nothing");
    assert!(on_behalf.may_act());
}

/// What a node does next: waits, asks to keep its duty, and hears the answer.
#[derive(Clone, Debug)]
struct Try {
    node: usize,
    pause: u64,
    /// On the way to the database, and back. A stopped process is a long way.
    there: u64,
    back: u64,
    is_answer_lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Answer,
    Execute,
    Ask,
}

fn delays() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..50_u64, 2 => 50..4_000_u64, 1 => 4_000..60_000_u64]
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (0..3_usize, 0..7_000_u64, delays(), delays(), 0..10_u8);
    let one = one.prop_map(|(node, pause, there, back, luck)| Try {
        node,
        pause,
        there,
        back,
        is_answer_lost: luck == 0,
    });
    prop::collection::vec(one, 1..80)
}

/// What happens when, each node doing one thing after the other.
fn timeline(tries: &[Try]) -> Vec<(u64, Stage, usize)> {
    let mut free_at = [0; 3];
    let mut events = Vec::new();
    for (number, attempt) in tries.iter().enumerate() {
        let asked = free_at[attempt.node] + attempt.pause;
        let executed = asked + attempt.there;
        let answered = executed + attempt.back;
        events.push((asked, Stage::Ask, number));
        events.push((executed, Stage::Execute, number));
        events.push((answered, Stage::Answer, number));
        free_at[attempt.node] = answered;
    }
    events.sort_by_key(|(at, stage, number)| (*at, *number, std::cmp::Reverse(*stage)));
    events
}

/// Three nodes that want one duty.
struct Nodes<'t> {
    tx: &'t Tx<'t>,
    states: [State; 3],
    asked: HashMap<usize, (Instant, Vec<Tenure>)>,
    executed: HashMap<usize, DutyRenewal>,
    began: Instant,
    /// How fast the clock of each runs, in thousandths.
    rates: [u32; 3],
    holders: HashMap<i64, String>,
}

impl Nodes<'_> {
    /// The monotonic clock of a node.
    fn clock(&self, node: usize, at: u64) -> Instant {
        self.began + Duration::from_millis(at) * self.rates[node] / 1_000
    }

    fn relying(&self, at: u64) -> usize {
        let relies = |node: &usize| {
            let held = self.states[*node].held.get(&app());
            held.is_some_and(|held| held.is_relied_on(self.clock(*node, at)))
        };
        (0..3).filter(relies).count()
    }

    /// `clock_of_database` is at its moment.
    fn step(
        &mut self,
        attempt: &Try,
        (at, stage, number): (u64, Stage, usize),
        clock_of_database: i64,
    ) -> Result<(), Error> {
        let (index, node) = (attempt.node, node(&attempt.node.to_string()));
        match stage {
            Stage::Ask => {
                let held = self.states[index].held.values();
                let held = held.map(|held| held.tenure.clone()).collect();
                self.asked.insert(number, (self.clock(index, at), held));
            }
            Stage::Execute => {
                let (_, held) = &self.asked[&number];
                let renewal = self
                    .tx
                    .renew_and_take(&node, held, &[app()], clock_of_database)?;
                for taken in &renewal.taken {
                    let earlier = self.holders.insert(taken.epoch, taken.holder.clone());
                    assert_eq!(earlier, None, "one epoch, one holder");
                }
                self.executed.insert(number, renewal);
            }
            Stage::Answer if attempt.is_answer_lost => {}
            Stage::Answer => {
                let (asked_at, _) = self.asked[&number];
                if let Some(renewal) = self.executed.remove(&number) {
                    self.states[index].apply(renewal, asked_at);
                }
            }
        }
        Ok(())
    }

    /// Only the newest tenure may write.
    fn check_writes(&self) -> Result<(), Error> {
        let newest = self.holders.keys().max().copied();
        for held in self
            .states
            .iter()
            .filter_map(|state| state.held.get(&app()))
        {
            let may_write = self.tx.check_duty(&held.tenure).is_ok();
            let is_newest = Some(held.tenure.epoch) == newest;
            assert!(!may_write || is_newest, "{:?}", held.tenure);
        }
        Ok(())
    }
}

/// Runs a schedule against the real rows. Returns the greatest number of nodes that relied on the duty at one moment.
fn run(
    tx: &Tx<'_>,
    tries: &[Try],
    rates: [u32; 3],
    steps_of_clock: &[(u64, i64)],
) -> Result<usize, Error> {
    tx.db.run("DELETE FROM duty", &[])?;
    let mut nodes = Nodes {
        tx,
        states: Default::default(),
        asked: HashMap::new(),
        executed: HashMap::new(),
        began: Instant::now(),
        rates,
        holders: HashMap::new(),
    };
    let mut most = 0;
    for event in timeline(tries) {
        let at = event.0;
        let steps = steps_of_clock.iter().filter(|(from, _)| *from <= at);
        let stepped: i64 = steps.map(|(_, by)| by).sum();
        let clock = 1_000_000_000 + i64::try_from(at).unwrap() + stepped;
        nodes.step(&tries[event.2], event, clock)?;
        nodes.check_writes()?;
        most = most.max(nodes.relying(at));
    }
    Ok(most)
}

/// Keeps one inventory for all cases of a property: each runs in a transaction of its own.
fn in_transaction<T: Send + 'static>(
    inventory: &Inventory,
    runtime: &tokio::runtime::Runtime,
    job: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    runtime.block_on(inventory.write_alone(job)).unwrap()
}

#[test]
fn no_two_nodes_rely_on_a_duty_at_once_whatever_is_slow_or_stops() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = Bench::new();
    let inventory = bench.open();
    let rate = || 950..1_100_u32;
    let strategy = (tries(), (rate(), rate(), rate()));
    let mut runner = proptest::test_runner::TestRunner::default();
    let property = runner.run(&strategy, |(tries, rates)| {
        let shown = tries.clone();
        let most = in_transaction(&inventory, &runtime, move |tx| {
            run(tx, &tries, rates.into(), &[])
        });
        prop_assert!(most <= 1, "{shown:?}");
        Ok(())
    });
    property.unwrap();
}

/// The harness sees it where two nodes rely on one duty: with a clock that runs far too slowly.
#[test]
fn a_clock_that_stands_nearly_still_breaks_the_rule() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = Bench::new();
    let inventory = bench.open();
    let at_once = |node: usize, pause: u64| Try {
        node,
        pause,
        there: 0,
        back: 0,
        is_answer_lost: false,
    };
    let tries = [at_once(0, 0), at_once(1, 16_000)];
    for (rate, expected) in [(1_000, 1), (700, 2)] {
        let tries = tries.clone();
        let most = in_transaction(&inventory, &runtime, move |tx| {
            run(tx, &tries, [rate; 3], &[])
        });
        assert_eq!(most, expected, "{rate}");
    }
}

#[test]
fn no_two_holders_share_an_epoch_even_when_the_clock_of_the_database_jumps() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = Bench::new();
    let inventory = bench.open();
    let steps = prop::collection::vec((0..200_000_u64, -600_000..600_000_i64), 0..5);
    let strategy = (tries(), steps);
    let mut runner = proptest::test_runner::TestRunner::default();
    let property = runner.run(&strategy, |(tries, steps)| {
        in_transaction(&inventory, &runtime, move |tx| {
            run(tx, &tries, [1_000; 3], &steps)
        });
        Ok(())
    });
    property.unwrap();
}
