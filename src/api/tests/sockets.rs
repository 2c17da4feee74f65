//! The socket's file, and the client that connects to it.

use std::os::unix::fs::{PermissionsExt, symlink};

use jiff::SignedDuration;

use super::world::{World, import_request};
use crate::api::bind;
use crate::api::types::{
    AcknowledgeRequest, CandidateRequest, IncidentQuery, ProblemType, TokenQuery,
};
use crate::api_client::{CandidateAnswer, Client, Error, Imported};
use crate::http::BindError;
use crate::model::State;
use crate::secret::Secret;

#[tokio::test]
async fn the_socket_is_for_user_and_group() {
    let world = World::new();
    let _listener = bind(&world.socket()).unwrap();
    let mode = std::fs::metadata(world.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o660);
}

#[tokio::test]
async fn a_stale_socket_gives_way_and_a_live_one_does_not() {
    let world = World::new();
    drop(bind(&world.socket()).unwrap());
    assert!(world.socket().exists());
    let _live = bind(&world.socket()).unwrap();
    assert!(matches!(bind(&world.socket()), Err(BindError::InUse(..))));
    assert!(std::os::unix::net::UnixStream::connect(world.socket()).is_ok());
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let world = World::new();
    std::fs::write(world.socket(), "precious").unwrap();
    assert!(matches!(
        bind(&world.socket()),
        Err(BindError::NotASocket(..))
    ));
    assert_eq!(std::fs::read_to_string(world.socket()).unwrap(), "precious");

    let link = world.folder().join("link.sock");
    symlink(world.socket(), &link).unwrap();
    assert!(matches!(bind(&link), Err(BindError::NotASocket(..))));
    let nowhere = world.folder().join("absent/perennial.sock");
    assert!(matches!(bind(&nowhere), Err(BindError::NoDirectory(..))));
}

#[tokio::test]
async fn a_daemon_that_is_down_differs_from_one_that_refuses() {
    let world = World::new();
    let client = Client::at(world.socket()).unwrap();
    let error = client.status().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }));
    assert!(
        error
            .to_string()
            .ends_with("Is it running? systemctl status perennial"),
        "{error}"
    );

    let _served = world.serve();
    match client.token("nobody").await.unwrap_err() {
        Error::Refused(problem) => assert!(problem.is(ProblemType::NoSuchToken)),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_client_speaks_every_route() {
    let world = World::new();
    let client = world.serve().client;
    let first = client
        .import(&import_request("acme-1", "EAAone"))
        .await
        .unwrap();
    let Imported::Added(token) = &first else {
        panic!("{first:?}");
    };
    assert_eq!(token.state, State::Unverified);
    let again = client
        .import(&import_request("acme-1", "EAAone"))
        .await
        .unwrap();
    assert_eq!(again, Imported::Known(token.clone()));

    assert_eq!(client.status().await.unwrap().tokens.total, 1);
    assert_eq!(
        client.tokens(&TokenQuery::default()).await.unwrap().tokens,
        [(**token).clone()]
    );
    let checked = client.check("acme-1").await.unwrap();
    let rotated = client.rotate("acme-1").await.unwrap();
    assert_ne!(checked, rotated);
    let detail = client.token("acme-1").await.unwrap();
    assert_eq!(detail.events.len(), 3);
    let add_candidate = |secret| CandidateRequest {
        access_token: Secret::new(secret),
    };
    assert_eq!(
        client
            .add_candidate("acme-1", &add_candidate("EAAone"))
            .await
            .unwrap(),
        CandidateAnswer::AlreadyInUse
    );
    let offered = client
        .add_candidate("acme-1", &add_candidate("EAAtwo"))
        .await
        .unwrap();
    assert!(
        matches!(offered, CandidateAnswer::Accepted(_)),
        "{offered:?}"
    );
    assert!(
        client
            .incidents(&IncidentQuery::default())
            .await
            .unwrap()
            .incidents
            .is_empty()
    );
    let until = world.now() + SignedDuration::from_hours(1);
    let nothing = client.acknowledge("7", &AcknowledgeRequest { until }).await;
    assert!(matches!(nothing, Err(Error::Refused(_))));
    client.forget("acme-1").await.unwrap();
    assert_eq!(client.status().await.unwrap().tokens.total, 0);
}

#[tokio::test]
async fn an_invalid_token_gets_a_clear_error_whatever_its_size() {
    let world = World::new();
    let client = world.serve().client;
    for (size, kind) in [
        (9_000, ProblemType::Invalid),
        (10 << 20, ProblemType::TooLarge),
    ] {
        match client
            .import(&import_request("big", &"x".repeat(size)))
            .await
            .unwrap_err()
        {
            Error::Refused(problem) => assert!(problem.is(kind), "{problem}"),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_client_outlives_a_restart_of_the_daemon() {
    let world = World::new();
    let first = world.serve();
    first.client.status().await.unwrap();
    first.stop.cancel();
    first.server.await.unwrap();
    assert!(matches!(
        first.client.status().await,
        Err(Error::Unreachable { .. })
    ));
    let _second = world.serve();
    first.client.status().await.unwrap();
}

#[tokio::test]
async fn the_test_s_own_user_reads_secrets_over_a_real_socket_if_it_is_named() {
    let world = World::new();
    world.settings.send_modify(|settings| {
        settings.readers[0].user = "*".to_owned();
    });
    let client = world.serve().client;
    client
        .import(&import_request("acme-1", "EAAone"))
        .await
        .unwrap();
    let secret = client.secret("acme-1", &Default::default()).await.unwrap();
    assert_eq!(secret.access_token, Secret::new("EAAone"));
    let event = world.journal().await.pop().unwrap();
    assert_eq!(event["detail"]["pid"], std::process::id().to_string());
}
