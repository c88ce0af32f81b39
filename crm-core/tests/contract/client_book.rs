//! What becomes of clients whose manager leaves, who want to be forgotten, and who were there before there was an index.

use frontdesk_crm_core::clients::{self, ClientPatch, ClientQuery};
use frontdesk_crm_core::staff;

use crate::clients::{found, number, search, typed};
use crate::office::{Office, refusal};

crate::on_both! {
    v14_b31_clients_of_one_manager_become_anothers
    v29_an_erased_client_leaves_nothing_that_names_them
    a_book_of_an_older_version_is_found_after_it_was_indexed
}

async fn v14_b31_clients_of_one_manager_become_anothers(office: &Office) {
    let ivan = office.ivan().await;
    for n in 0..3 {
        let mut new = typed(&format!("912345670{n}"), &format!("Клиент {n}"), None);
        new.manager = Some(ivan.id.to_string());
        clients::create(&office.db, &office.author(), new).await.unwrap();
    }
    let of = |manager| ClientQuery {
        manager: Some(manager),
        ..ClientQuery::default()
    };
    staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    assert_eq!(found(office, &of(ivan.id)).await.len(), 3, "history remains");
    let to_gone = clients::reassign(
        &office.db,
        &office.author(),
        (office.whole(), office.first.staff),
        Some(ivan.id),
    )
    .await;
    assert_eq!(refusal(to_gone), "invalid: manager_id unknown");
    office.later(1);
    let moved = clients::reassign(
        &office.db,
        &office.author(),
        (office.whole(), ivan.id),
        Some(office.first.staff),
    )
    .await
    .unwrap();
    assert_eq!((moved.now, moved.numbers.len()), (3, 3));
    assert_eq!(found(office, &of(ivan.id)).await.len(), 0);
    assert_eq!(found(office, &of(office.first.staff)).await.len(), 3);
    let row = office.audit(1).await.remove(0);
    assert_eq!(
        (row.action.as_str(), row.entity_id),
        ("clients.reassigned", ivan.id.to_string())
    );
    assert_eq!(row.after.unwrap()["clients"], 3);
}

async fn v29_an_erased_client_leaves_nothing_that_names_them(office: &Office) {
    let mut new = typed("9123456701", "Константинопольская", Some("Бахрома"));
    new.other_numbers = vec!["9123456702".into()];
    let client = clients::create(&office.db, &office.author(), new).await.unwrap();
    let patch = ClientPatch {
        position: Some(Some("Зодчая".into())),
        ..ClientPatch::default()
    };
    office.later(1);
    clients::update(&office.db, &office.author(), (office.whole(), client.id), patch, None)
        .await
        .unwrap();
    office.later(1);
    let erased = clients::erase(&office.db, &office.author(), client.id).await.unwrap();
    assert_eq!(erased.numbers, ["+79123456701", "+79123456702"].map(number));
    let said = clients::get(&office.db, office.whole(), client.id).await;
    assert_eq!(refusal(said), "not found");
    let again = clients::erase(&office.db, &office.author(), client.id).await;
    assert_eq!(refusal(again), "not found");
    let audit = office.audit(50).await;
    let rows: Vec<&str> = audit
        .iter()
        .filter(|row| row.entity_id == client.id.to_string())
        .map(|row| row.action.as_str())
        .collect();
    assert_eq!(rows, ["client.erased", "client.updated", "client.created"]);
    let left = everything(office).await;
    for trace in ["онстантинопол", "бахром", "зодча", "91234567"] {
        assert!(!left.to_lowercase().contains(trace), "{trace} is left");
    }
    assert!(left.contains(&client.id.to_string()), "the tombstone stays");
    office.client("9123456702", "Другая").await.unwrap();
}

/// Every text of every table that may speak of a client.
pub(crate) async fn everything(office: &Office) -> String {
    let mut texts = Vec::new();
    macro_rules! texts {
        ($rows:expr) => {
            for row in $rows.unwrap() {
                texts.push(format!("{row:?}"));
            }
        };
    }
    const ROWS: &[&str] = &[
        "SELECT id || number || name || COALESCE(company, '') || COALESCE(position, '') || sort_name || sort_company \
         || search || CAST(number_order AS TEXT) FROM clients",
        "SELECT number || client_id FROM client_phones",
        "SELECT COALESCE(before_json, '') || COALESCE(after_json, '') FROM audit",
        "SELECT called || COALESCE(caller_number, '') || COALESCE(callee_number, '') FROM calls",
        "SELECT body FROM client_notes",
    ];
    const TERMS: &str = "SELECT term FROM client_terms";
    if office.url.starts_with("postgres") {
        let pool = sqlx::PgPool::connect(&office.url).await.unwrap();
        for sql in ROWS {
            texts!(sqlx::query_as::<_, (String,)>(*sql).fetch_all(&pool).await);
        }
        let terms: Vec<(Vec<u8>,)> = sqlx::query_as(TERMS).fetch_all(&pool).await.unwrap();
        texts.extend(terms.iter().map(|(term,)| String::from_utf8_lossy(term).into_owned()));
    } else {
        let pool = sqlx::SqlitePool::connect(&office.url).await.unwrap();
        for sql in ROWS {
            texts!(sqlx::query_as::<_, (String,)>(*sql).fetch_all(&pool).await);
        }
        let terms: Vec<(Vec<u8>,)> = sqlx::query_as(TERMS).fetch_all(&pool).await.unwrap();
        texts.extend(terms.iter().map(|(term,)| String::from_utf8_lossy(term).into_owned()));
    }
    texts.join("\n")
}

async fn a_book_of_an_older_version_is_found_after_it_was_indexed(office: &Office) {
    office.client("9123456701", "Анна").await.unwrap();
    const OLD: [&str; 2] = [
        "DELETE FROM client_terms",
        "UPDATE clients SET indexed = FALSE, search = 'old', search_key = 0, number_order = 0",
    ];
    for sql in OLD {
        if office.url.starts_with("postgres") {
            let pool = sqlx::PgPool::connect(&office.url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
        } else {
            let pool = sqlx::SqlitePool::connect(&office.url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
    }
    assert_eq!(found(office, &search("анна")).await.len(), 0);
    assert_eq!(clients::index_all(&office.db).await.unwrap(), 1);
    assert_eq!(clients::index_all(&office.db).await.unwrap(), 0);
    assert_eq!(found(office, &search("анна 3456")).await.len(), 1);
}
