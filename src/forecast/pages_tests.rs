//! What the inventory shows of a fleet, page by page, with incidents as the alerts make them.

use crate::alerts::fixtures::{MARIA, Result, World, hours};
use crate::inventory::ForecastCursor;
use crate::model::{Cause, Kind};

/// Maria's pages, of which one is dead, and two other people.
async fn world() -> World {
    let world = World::new();
    let pages: Vec<String> = (0..5).map(|number| format!("page-{number}")).collect();
    let ids = world.import(Kind::Page, &pages).await.unwrap();
    world.die(&ids[..1], Cause::PageGone).await.unwrap();
    world.import_user("of-ann").await.map(drop).unwrap();
    world.outside("UPDATE token SET person = '1' WHERE name = 'of-ann'");
    world.import_user("of-zoe").await.map(drop).unwrap();
    world.outside("UPDATE token SET person = '9999999' WHERE name = 'of-zoe'");
    world
}

#[tokio::test]
async fn every_page_size_shows_each_token_once_and_people_together() -> Result {
    let world = world().await;
    let mut orders = Vec::new();
    for limit in [1, 2, 3, 4, 100] {
        let names = world.inventory.read(move |view| {
            let (mut names, mut after) = (Vec::new(), Some(ForecastCursor::default()));
            while let Some(cursor) = after {
                let page = view.forecast_page(&cursor, limit, &[])?;
                assert!(page.tokens.len() <= limit);
                names.extend(page.tokens.into_iter().map(|of| of.token.name));
                after = page.next;
            }
            Ok(names)
        });
        orders.push(names.await?);
    }
    let expected = [
        "of-ann", "page-0", "page-1", "page-2", "page-3", "page-4", "of-zoe",
    ];
    assert!(orders.iter().all(|names| *names == expected), "{orders:?}");
    Ok(())
}

#[tokio::test]
async fn the_open_incidents_of_the_people_come_with_their_tokens() -> Result {
    let mut world = world().await;
    world.pass_after(hours(1)).await?;
    let page = world
        .inventory
        .read(|view| view.forecast_page(&ForecastCursor::of_person("acme", MARIA), 2, &[]));
    let page = page.await?;
    let about: Vec<_> = page.incidents.iter().map(|of| of.cause).collect();
    assert_eq!(about, [Cause::PageGone]);
    assert_eq!(page.incidents[0].incident_key.subject, MARIA);
    Ok(())
}

#[tokio::test]
async fn another_admin_is_looked_for_only_if_the_person_leaves() -> Result {
    let world = world().await;
    world.outside(
        "INSERT INTO page_admin (token, page, name)
            SELECT u.id, p.subject, '' FROM token u, token p WHERE u.name = 'of-ann' AND p.name = 'page-3'",
    );
    let maria = ("acme".to_owned(), MARIA.to_owned());
    for (leaving, expected) in [(vec![], vec![]), (vec![maria], vec!["page-3".to_owned()])] {
        let shared = world.inventory.read(move |view| {
            let page = view.forecast_page(&ForecastCursor::default(), 100, &leaving)?;
            let shared = page.tokens.into_iter().filter(|of| of.has_other_admin);
            Ok(shared.map(|of| of.token.name).collect::<Vec<_>>())
        });
        assert_eq!(shared.await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn people_are_found_by_id_and_by_name() -> Result {
    let world = world().await;
    world.outside(
        "UPDATE token SET subject = '1', subject_name = 'Ann Ames' WHERE name = 'of-ann';
         INSERT OR IGNORE INTO app (name) VALUES ('acme')",
    );
    let ann = [("acme".to_owned(), "1".to_owned())];
    for (name, expected) in [("ann ames", &ann[..]), ("1", &ann), ("Ann", &[])] {
        let found = world.inventory.read(move |view| view.people_named(name));
        assert_eq!(found.await?, expected, "{name}");
    }
    Ok(())
}
