//! What a thing is at a moment: its rows. Pure; reading and writing them is the store's matter.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::raw::RawRow;

/// Columns in which a thing is not described, only kept.
const BOOKKEEPING: &[&str] = &[
    "id",
    "account_id",
    "created_at",
    "updated_at",
    "version",
    "rights_version",
];
/// Columns that no history may hold.
const SECRETS: &[&str] = &["hiding_key", "registration_secret"];

/// A thing's own row, which may be none, and the rows that belong to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(super) row: RawRow,
    pub(super) lists: BTreeMap<String, Vec<RawRow>>,
}

/// A field that is not what it was; `null` where there was or is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

impl State {
    pub(super) fn new(mut row: RawRow, lists: BTreeMap<String, Vec<RawRow>>) -> State {
        row.retain(|column, _| !SECRETS.contains(&column.as_str()));
        let lists = lists.into_iter().map(|(name, rows)| (name, in_order(rows)));
        State {
            row,
            lists: lists.collect(),
        }
    }

    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.row.get(column).and_then(Value::as_str)
    }

    /// What it is called: its name, or its number.
    pub(super) fn name(&self) -> &str {
        self.text("name").or_else(|| self.text("number")).unwrap_or_default()
    }

    /// What describes it: columns by name, and each list as one.
    pub fn fields(&self) -> BTreeMap<String, Value> {
        let told = |(column, _): &(&String, &Value)| !BOOKKEEPING.contains(&column.as_str());
        let columns = self.row.iter().filter(told);
        let columns = columns.map(|(column, value)| (column.clone(), value.clone()));
        let row = |row: &RawRow| Value::Object(row.clone().into_iter().collect());
        let lists = self.lists.iter();
        let lists = lists.map(|(name, rows)| (name.clone(), Value::Array(rows.iter().map(row).collect())));
        columns.chain(lists).collect()
    }

    /// Takes a field of the other as it is there.
    fn take(&mut self, field: &str, other: &State) {
        match other.lists.get(field) {
            Some(rows) => {
                self.lists.insert(field.to_owned(), rows.clone());
            }
            None => {
                let value = other.row.get(field).cloned().unwrap_or_default();
                self.row.insert(field.to_owned(), value);
            }
        }
    }
}

/// Databases give rows in any order.
fn in_order(rows: Vec<RawRow>) -> Vec<RawRow> {
    let mut rows: Vec<(String, RawRow)> = rows
        .into_iter()
        .map(|row| (serde_json::to_string(&row).unwrap_or_default(), row))
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// In what two moments of a thing differ. A thing that is not there has no fields.
pub fn changes(before: Option<&State>, after: Option<&State>) -> Vec<Change> {
    let fields = |state: Option<&State>| state.map(State::fields).unwrap_or_default();
    let (mut before, mut after) = (fields(before), fields(after));
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let change = |field: String| Change {
        before: before.remove(&field).unwrap_or_default(),
        after: after.remove(&field).unwrap_or_default(),
        field,
    };
    let differs = |change: &Change| change.before != change.after;
    names.into_iter().map(change).filter(differs).collect()
}

/// The thing as it is now without what a revision changed; or the fields of it that have changed again since.
pub(super) fn without(now: &State, (before, after): (&State, &State)) -> Result<State, Vec<String>> {
    let (fields, mut undone) = (now.fields(), now.clone());
    let mut again = Vec::new();
    for change in changes(Some(before), Some(after)) {
        if fields.get(&change.field).cloned().unwrap_or_default() == change.after {
            undone.take(&change.field, before);
        } else {
            again.push(change.field);
        }
    }
    if again.is_empty() { Ok(undone) } else { Err(again) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: &Value) -> RawRow {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn department(name: &str, ring_time_s: i64, members: &[&str]) -> State {
        let own = json!({ "id": "1", "version": ring_time_s, "name": name, "ring_time_s": ring_time_s });
        let members = members.iter().map(|staff| row(&json!({ "staff_id": staff }))).collect();
        State::new(row(&own), BTreeMap::from([("members".to_owned(), members)]))
    }

    #[test]
    fn a_change_names_what_was_and_what_is() {
        let (before, after) = (department("Sales", 20, &["a"]), department("Sales", 25, &["b", "a"]));
        let found = changes(Some(&before), Some(&after));
        let fields: Vec<&str> = found.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["members", "ring_time_s"]);
        assert_eq!((&found[1].before, &found[1].after), (&json!(20), &json!(25)));
        assert!(changes(Some(&after), Some(&department("Sales", 25, &["a", "b"]))).is_empty());
        assert_eq!(changes(None, Some(&after)).len(), 3);
    }

    #[test]
    fn what_others_changed_since_stays_and_the_same_again_is_named() {
        let (before, after) = (department("Sales", 20, &["a"]), department("Sales", 25, &["a"]));
        let now = department("Sales and more", 25, &["a", "b"]);
        let undone = without(&now, (&before, &after)).unwrap();
        assert!(changes(Some(&undone), Some(&department("Sales and more", 20, &["a", "b"]))).is_empty());
        let now = department("Sales", 30, &["a"]);
        assert_eq!(without(&now, (&before, &after)), Err(vec!["ring_time_s".to_owned()]));
    }

    #[test]
    fn no_secret_is_kept() {
        let state = State::new(
            row(&json!({ "id": "1", "registration_secret": "geheim" })),
            BTreeMap::new(),
        );
        assert!(!serde_json::to_string(&state).unwrap().contains("geheim"));
    }
}
