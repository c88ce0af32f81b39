use std::collections::BTreeMap;

use frontdesk_routing::features::{BadCode, Feature, FeatureCodes, Places};
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::plan::PlanFeatures;
use serde_json::{Value, json};

use super::{Features, FeaturesPatch, pickup_name, pickup_named};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, FieldError, StoreError, args};

const GET: &str =
    "SELECT account_id, pickup, codes, parking_places, version FROM feature_settings WHERE account_id = $1";
const SECTION: &str =
    "SELECT account_id, pickup, codes, parking_places, version FROM feature_settings ORDER BY account_id";
const PUT: &str = "INSERT INTO feature_settings (account_id, pickup, codes, updated_at, version, parking_places) \
    VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (account_id) DO UPDATE SET pickup = excluded.pickup, codes = excluded.codes, \
    updated_at = excluded.updated_at, version = excluded.version, parking_places = excluded.parking_places WHERE feature_settings.version = excluded.version - 1";

const SHORT: &str = "SELECT short_number FROM staff WHERE account_id = $1 AND short_number IS NOT NULL \
    AND deleted_at IS NULL UNION SELECT short_number FROM departments WHERE account_id = $1 \
    UNION SELECT short_number FROM menus WHERE account_id = $1 AND short_number IS NOT NULL";

pub(crate) const ALL: &[&str] = &[GET, SECTION, PUT, SHORT];

#[derive(sqlx::FromRow)]
struct Short {
    short_number: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    pickup: String,
    /// The codes that differ from the defaults, by feature.
    codes: String,
    parking_places: String,
    version: i64,
}

pub async fn get(db: &Db, account: AccountId) -> Result<Features, StoreError> {
    let row: Option<Row> = db.one(GET, args![account]).await?;
    row.map_or_else(|| Ok(untouched(account)), read)
}

pub async fn update(
    db: &Db,
    author: &Author,
    patch: FeaturesPatch,
    version: Option<i64>,
) -> Result<Features, StoreError> {
    let account = author.account;
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![account]).await?;
    let before = row.map_or_else(|| Ok(untouched(account)), read)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let short: Vec<Short> = tx.all(SHORT, args![account]).await?;
    let after = patched(before.settings.clone(), patch, &short)?;
    let values = args![
        account,
        pickup_name(after.pickup),
        codes(&after.codes).to_string(),
        author.stamp.unix_ms,
        before.version.saturating_add(1),
        after.places.to_string(),
    ];
    if tx.run(PUT, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("features.updated", "account", account.to_string());
    let deed = Deed {
        before: Some(told(&before.settings)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, account).await
}

/// The accounts that have changed something, for the dial plan.
pub(crate) async fn section(db: &Db) -> Result<Vec<(AccountId, PlanFeatures)>, StoreError> {
    let rows: Vec<Row> = db.all(SECTION, args![]).await?;
    let read = |row| read(row).map(|features| (features.account, features.settings));
    rows.into_iter().map(read).collect()
}

fn untouched(account: AccountId) -> Features {
    Features {
        account,
        settings: PlanFeatures::default(),
        version: 0,
    }
}

/// The settings after the patch, or every fault at once.
fn patched(mut settings: PlanFeatures, patch: FeaturesPatch, short: &[Short]) -> Result<PlanFeatures, StoreError> {
    let mut faults = Vec::new();
    for (name, code) in patch.codes {
        let code = code.map(|code| code.trim().to_owned()).filter(|code| !code.is_empty());
        match Feature::named(&name) {
            Some(feature) => settings.codes.set(feature, code.as_deref()),
            None => faults.push(FieldError::new(&format!("codes.{name}"), "unknown", "no such feature")),
        }
    }
    for (feature, bad) in settings.codes.check() {
        let code = match bad {
            BadCode::Malformed => "invalid",
            BadCode::Taken | BadCode::Ambiguous => "taken",
        };
        faults.push(FieldError::new(
            &format!("codes.{}", feature.name()),
            code,
            bad.to_string(),
        ));
    }
    if let Some(name) = patch.pickup {
        match pickup_named(&name) {
            Some(pickup) => settings.pickup = pickup,
            None => faults.push(FieldError::new("pickup", "invalid", "`anyone` or `department`")),
        }
    }
    match patch.places.map(|text| Places::read(&text)) {
        None => {}
        Some(Err(bad)) => faults.push(FieldError::new("parking_places", "invalid", bad.to_string())),
        // what has been so before stays: whoever has the number comes first
        Some(Ok(places)) if places == settings.places => {}
        Some(Ok(places)) => match short.iter().find_map(|short| places.named(&short.short_number)) {
            Some(place) => {
                let why = format!("{place} is somebody's short number");
                faults.push(FieldError::new("parking_places", "taken", why));
            }
            None => settings.places = places,
        },
    }
    StoreError::invalid(faults)?;
    Ok(settings)
}

fn codes(codes: &FeatureCodes) -> Value {
    let changed = codes
        .changed()
        .map(|(feature, code)| (feature.name().to_owned(), json!(code)));
    Value::Object(changed.collect())
}

fn told(settings: &PlanFeatures) -> Value {
    let places = settings.places.to_string();
    json!({ "codes": codes(&settings.codes), "pickup": pickup_name(settings.pickup), "parking_places": places })
}

fn read(row: Row) -> Result<Features, StoreError> {
    let wrong = |what: &str| StoreError::Corrupt(format!("{what} of the features of {}", row.account_id));
    let changed: BTreeMap<String, Option<String>> = serde_json::from_str(&row.codes).map_err(|_| wrong("the codes"))?;
    let mut settings = PlanFeatures {
        pickup: pickup_named(&row.pickup).ok_or_else(|| wrong("the pickup"))?,
        places: Places::read(&row.parking_places).map_err(|_| wrong("the places"))?,
        ..PlanFeatures::default()
    };
    for (name, code) in changed {
        // A feature that a later version knew is none of this one's.
        if let Some(feature) = Feature::named(&name) {
            settings.codes.set(feature, code.as_deref());
        }
    }
    Ok(Features {
        account: id(&row.account_id)?,
        settings,
        version: row.version,
    })
}
