use frontdesk_crm_core::audit::{self, Broken, Fault, Place, Verified};
use frontdesk_crm_core::clients;
use frontdesk_crm_core::store::Db;

use crate::office::Office;

crate::on_both! {
    each_deed_follows_from_the_one_before
    the_database_itself_takes_no_other_change_than_a_blanking
    two_nodes_that_write_at_once_keep_one_chain
    a_row_that_was_tampered_with_is_named
    an_erased_client_leaves_the_chain_whole
    rows_of_an_older_version_are_chained
    a_chain_is_read_on_where_a_look_has_ended
}

const ACCOUNT: &str = "audit";

async fn verified(office: &Office) -> Verified {
    let mut seen = Vec::new();
    let verified = audit::verify(&office.db, office.first.account, |rows, of| seen.push((rows, of)))
        .await
        .unwrap();
    assert!(seen.iter().all(|(rows, of)| rows <= of), "{seen:?}");
    verified
}

async fn note(db: &Db, office: &Office, count: usize) {
    for _ in 0..count {
        audit::note(db, &office.author(), ("call.hung_up", "call"), ACCOUNT.into())
            .await
            .unwrap();
    }
}

fn sqlite(office: &Office) -> bool {
    !office.url.starts_with("postgres")
}

/// What only somebody with the database in his hands can do.
pub(crate) async fn unguarded(office: &Office, sql: &str) {
    let off: &[&str] = if sqlite(office) {
        &[
            "DROP TRIGGER IF EXISTS audit_inserted",
            "DROP TRIGGER IF EXISTS audit_updated",
            "DROP TRIGGER IF EXISTS audit_deleted",
        ]
    } else {
        &["ALTER TABLE audit DISABLE TRIGGER USER"]
    };
    for statement in off {
        office.raw(statement).await.unwrap();
    }
    assert!(office.raw(sql).await.unwrap() > 0, "{sql}");
}

async fn each_deed_follows_from_the_one_before(office: &Office) {
    office.ivan().await;
    office.client("9123456701", "Анна").await.unwrap();
    let rows = i64::try_from(office.audit(100).await.len()).unwrap();
    let first = verified(office).await;
    assert!(rows > 2 && first.broken.is_none(), "{first:?}");
    assert_eq!((first.rows, first.blanked), (rows, 0));
    note(&office.db, office, 1).await;
    let second = verified(office).await;
    assert_eq!(second.rows, rows + 1);
    assert_ne!(
        first.hash, second.hash,
        "whoever has noted the newest hash sees a shorter chain"
    );
    let rolled_back = async {
        let mut tx = office.db.begin().await.unwrap();
        let actor = office.author().actor;
        let deed = audit::Deed {
            account: office.first.account,
            action: "call.hung_up",
            entity: "call",
            entity_id: "none".into(),
            before: None,
            after: None,
            actor: &actor,
        };
        audit::write(&mut tx, &mut office.stamp().ids(), deed).await.unwrap();
    };
    rolled_back.await;
    assert_eq!(verified(office).await, second, "what was not committed was not done");
}

async fn the_database_itself_takes_no_other_change_than_a_blanking(office: &Office) {
    office.client("9123456701", "Анна").await.unwrap();
    let before = verified(office).await;
    for sql in [
        "UPDATE audit SET actor_name = 'nobody'",
        "UPDATE audit SET actor_name = 'nobody', before_json = NULL, after_json = NULL, salt = NULL",
        "UPDATE audit SET after_json = '{}'",
        "UPDATE audit SET after_json = NULL",
        "UPDATE audit SET at = at + 1",
        "UPDATE audit SET ip = '192.0.2.200'",
        "UPDATE audit SET seq = NULL",
        "UPDATE audit SET hash = 'x'",
        "DELETE FROM audit",
        "INSERT INTO audit (id, account_id, at, actor_name, action, entity, entity_id) SELECT 'x', account_id, at, \
         actor_name, action, entity, entity_id FROM audit LIMIT 1",
        "INSERT INTO audit (id, account_id, at, actor_name, action, entity, entity_id, seq, hash) SELECT 'x', account_id, \
         at, actor_name, action, entity, entity_id, seq, hash FROM audit LIMIT 1",
        "UPDATE audit_heads SET seq = seq - 1",
        "UPDATE audit_heads SET hash = ''",
        "DELETE FROM audit_heads",
    ] {
        let told = office.raw(sql).await.unwrap_err().to_string();
        assert!(told.contains("the audit is append-only"), "{sql}: {told}");
    }
    let around = if sqlite(office) {
        "INSERT OR REPLACE INTO audit (id, account_id, at, actor_name, action, entity, entity_id, seq, hash) SELECT id, \
         account_id, at, 'nobody', action, entity, entity_id, seq, hash FROM audit"
    } else {
        "TRUNCATE audit"
    };
    assert!(office.raw(around).await.is_err());
    assert_eq!(verified(office).await, before);
    let again = Db::open(&office.url).await.unwrap();
    again.close().await;
}

async fn two_nodes_that_write_at_once_keep_one_chain(office: &Office) {
    let other = Db::open(&office.url).await.unwrap();
    let before = verified(office).await.rows;
    let writers = [&office.db, &other, &office.db, &other].map(|db| note(db, office, 20));
    let [a, b, c, d] = writers;
    tokio::join!(a, b, c, d);
    let after = verified(office).await;
    assert_eq!((after.rows, after.broken), (before + 80, None));
    other.close().await;
}

async fn a_row_that_was_tampered_with_is_named(office: &Office) {
    office.client("9123456701", "Анна").await.unwrap();
    note(&office.db, office, 3).await;
    let rows = verified(office).await.rows;
    let deeds = office.audit(100).await;
    let client = deeds.iter().find(|row| row.action == "client.created").unwrap();
    let seq = rows - 3;
    let check = async |sql: &str, fault: Fault, back: &str| {
        let named = sql.replace("$client", &client.id.to_string());
        unguarded(office, &named).await;
        let found = verified(office).await;
        let broken = found.broken.unwrap();
        assert_eq!((broken.seq, broken.fault, found.rows), (seq, fault, seq - 1), "{sql}");
        assert_eq!(broken.id, Some(client.id.to_string()), "{sql}");
        unguarded(office, &back.replace("$client", &client.id.to_string())).await;
        assert_eq!(verified(office).await.broken, None, "{back}");
    };
    check(
        "UPDATE audit SET actor_name = 'x' || actor_name WHERE id = '$client'",
        Fault::Row,
        "UPDATE audit SET actor_name = SUBSTR(actor_name, 2) WHERE id = '$client'",
    )
    .await;
    check(
        "UPDATE audit SET after_json = ' ' || after_json WHERE id = '$client'",
        Fault::Content,
        "UPDATE audit SET after_json = SUBSTR(after_json, 2) WHERE id = '$client'",
    )
    .await;
    check(
        "UPDATE audit SET prev_hash = 'x' || prev_hash WHERE id = '$client'",
        Fault::Link,
        "UPDATE audit SET prev_hash = SUBSTR(prev_hash, 2) WHERE id = '$client'",
    )
    .await;
    unguarded(
        office,
        &format!(
            "UPDATE audit SET before_json = NULL, after_json = NULL, salt = NULL WHERE id = '{}'",
            client.id
        ),
    )
    .await;
    assert_eq!(verified(office).await.broken.unwrap().fault, Fault::Blanked);
    unguarded(office, &format!("DELETE FROM audit WHERE id = '{}'", client.id)).await;
    let gone = Broken {
        seq,
        id: None,
        fault: Fault::Missing,
    };
    assert_eq!(verified(office).await.broken, Some(gone));
}

async fn an_erased_client_leaves_the_chain_whole(office: &Office) {
    let client = office.client("9123456701", "Анна").await.unwrap();
    let other = office.client("9123456702", "Борис").await.unwrap();
    clients::erase(&office.db, &office.author(), client.id).await.unwrap();
    let found = verified(office).await;
    assert_eq!((found.broken, found.blanked), (None, 1));
    let kept = office.audit(50).await;
    let told = |id: String| {
        kept.iter()
            .find(|row| row.entity_id == id && row.action == "client.created")
    };
    assert!(told(client.id.to_string()).unwrap().after.is_none());
    assert!(told(other.id.to_string()).unwrap().after.is_some());
}

async fn rows_of_an_older_version_are_chained(office: &Office) {
    note(&office.db, office, 5).await;
    let before = verified(office).await.rows;
    unguarded(
        office,
        "UPDATE audit SET seq = NULL, salt = NULL, digest = NULL, prev_hash = NULL, hash = NULL",
    )
    .await;
    let heads = if sqlite(office) {
        "DROP TRIGGER audit_heads_deleted"
    } else {
        "ALTER TABLE audit_heads DISABLE TRIGGER USER"
    };
    office.raw(heads).await.unwrap();
    office.raw("DELETE FROM audit_heads").await.unwrap();
    assert_eq!(verified(office).await.broken.unwrap().fault, Fault::Unchained);
    let chain = async || audit::chain_old(&office.db, &mut office.stamp().ids()).await.unwrap();
    assert_eq!(i64::try_from(chain().await).unwrap(), before);
    let found = verified(office).await;
    assert_eq!((found.broken, found.rows), (None, before));
    note(&office.db, office, 1).await;
    assert_eq!(verified(office).await.rows, before + 1);
    unguarded(
        office,
        "INSERT INTO audit (id, account_id, at, actor_name, action, entity, entity_id, after_json) SELECT 'new' || id, \
         account_id, at, actor_name, action, entity, entity_id, '{\"a\":1}' FROM audit",
    )
    .await;
    assert_eq!(
        chain().await,
        0,
        "what is put in beside a chain does not become a part of it"
    );
    let beside = verified(office).await.broken.unwrap();
    assert_eq!((beside.fault, beside.seq), (Fault::Unchained, before + 2));
    assert!(beside.id.unwrap().starts_with("new"));
}

async fn a_chain_is_read_on_where_a_look_has_ended(office: &Office) {
    note(&office.db, office, 7).await;
    let whole = verified(office).await;
    let part = async |from: Place, most: i64| {
        let part = audit::verify_part(&office.db, office.first.account, from, most).await;
        part.unwrap()
    };
    let (mut found, mut places) = (part(Place::default(), 3).await, Vec::new());
    while let Some(next) = found.next {
        assert_eq!((found.rows, found.broken), (next.seq, None));
        places.push(next.clone());
        found = part(next, 3).await;
    }
    assert_eq!(found, whole);
    let seqs: Vec<i64> = places.iter().map(|place| place.seq).collect();
    let expected: Vec<i64> = (1..).map(|n| n * 3).take_while(|seq| *seq < whole.rows).collect();
    assert_eq!(seqs, expected);

    let fault = async |from: Place| {
        let broken = part(from, i64::MAX).await.broken.unwrap();
        (broken.seq, broken.fault)
    };
    let place = |seq, hash: &str| Place {
        seq,
        hash: hash.to_owned(),
    };
    let middle = places.first().unwrap();
    assert_eq!(
        fault(place(middle.seq, "f00d")).await,
        (middle.seq + 1, Fault::Link),
        "made anew"
    );
    let beyond = place(whole.rows + 5, &middle.hash);
    assert_eq!(fault(beyond).await, (whole.rows + 1, Fault::Missing), "cut short");
    unguarded(office, "DELETE FROM audit WHERE seq = 5").await;
    assert_eq!(fault(middle.clone()).await, (5, Fault::Missing));
}
