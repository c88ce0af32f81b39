//! Statements of the list: each way to the clients in each order, and how many lie on it.

use super::store::columns;
use crate::access::within_clients;

macro_rules! of_account {
    () => {
        concat!(
            " FROM clients c WHERE c.account_id = $1 AND c.deleted_at IS NULL AND ",
            within_clients!("$5", "$6", "$7")
        )
    };
}
/// Every order may be walked along its index.
macro_rules! plain {
    () => {
        concat!(
            of_account!(),
            " AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL)"
        )
    };
}
macro_rules! of_manager {
    () => {
        concat!(of_account!(), " AND c.manager_id = $3 AND (c.vip = $2 OR $2 IS NULL)")
    };
}
macro_rules! vips {
    () => {
        concat!(
            of_account!(),
            " AND c.vip AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL)"
        )
    };
}
macro_rules! fits {
    ($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal) => {
        concat!(
            " AND c.search LIKE ",
            $a,
            " ESCAPE '\\' AND c.search LIKE ",
            $b,
            " ESCAPE '\\' AND c.search LIKE ",
            $c,
            " ESCAPE '\\' AND c.search LIKE ",
            $d,
            " ESCAPE '\\' AND c.search LIKE ",
            $e,
            " ESCAPE '\\' AND c.search LIKE ",
            $f,
            " ESCAPE '\\'"
        )
    };
}
macro_rules! anywhere {
    () => {
        concat!(plain!(), fits!("$8" "$9" "$10" "$11" "$12" "$13"))
    };
}
/// Along the clients of one manager.
macro_rules! manager_fits {
    () => {
        concat!(of_manager!(), fits!("$8" "$9" "$10" "$11" "$12" "$13"))
    };
}
/// Along the VIPs.
macro_rules! vips_fit {
    () => {
        concat!(vips!(), fits!("$8" "$9" "$10" "$11" "$12" "$13"))
    };
}
macro_rules! in_range {
    ($from:literal, $to:literal, $limit:literal) => {
        concat!(
            "SELECT t.client FROM client_terms t WHERE t.account = (SELECT number FROM accounts WHERE id = $1) \
             AND t.term >= ",
            $from,
            " AND t.term < ",
            $to,
            " ORDER BY t.term, t.client LIMIT ",
            $limit
        )
    };
}
// CROSS JOIN: SQLite keeps the order of the tables then. What else has to fit comes before the limit.
macro_rules! found {
    ($keys:expr, $fits:expr) => {
        concat!(
            " FROM (SELECT c.* FROM (SELECT DISTINCT k.client FROM (",
            $keys,
            ") AS k ORDER BY k.client) AS hit CROSS JOIN clients c \
             WHERE c.search_key = hit.client AND c.account_id = $1 AND c.deleted_at IS NULL \
             AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL) AND ",
            within_clients!("$5", "$6", "$7"),
            $fits,
            " LIMIT 1000) AS c WHERE c.account_id = $1"
        )
    };
}
/// Where each client is within the reach and no more is asked for: the first that fit.
macro_rules! by_one {
    () => {
        found!(in_range!("$8", "$9", "1000"), fits!("$10" "$11" "$12" "$13" "$14" "$15"))
    };
}
macro_rules! by_one_of_many {
    () => {
        found!(in_range!("$8", "$9", "30000"), fits!("$10" "$11" "$12" "$13" "$14" "$15"))
    };
}
macro_rules! by_two {
    () => {
        found!(
            concat!(
                "SELECT one.client FROM (",
                in_range!("$8", "$9", "30000"),
                ") AS one WHERE one.client IN (SELECT other.client FROM (",
                in_range!("$10", "$11", "30000"),
                ") AS other)"
            ),
            fits!("$12" "$13" "$14" "$15" "$16" "$17")
        )
    };
}

/// Each order, up and down, as the first page and as one after a place.
macro_rules! pages {
    ($scope:ident, $key:literal, $id:literal) => {
        pages!(@ $scope, $key, $id, "c.sort_name", "c.sort_company", "c.number_order", "c.created_at")
    };
    (@ $scope:ident, $key:literal, $id:literal, $($column:literal),*) => {
        [$(
            concat!("SELECT ", columns!(), $scope!(), " ORDER BY ", $column, ", c.id LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " AND (", $column, ", c.id) > (", $key, ", ", $id, ") ORDER BY ",
                $column, ", c.id LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " ORDER BY ", $column, " DESC, c.id DESC LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " AND (", $column, ", c.id) < (", $key, ", ", $id, ") ORDER BY ",
                $column, " DESC, c.id DESC LIMIT $4"),
        )*]
    };
}
macro_rules! counted {
    ($scope:ident) => {
        concat!(
            "SELECT COUNT(*) AS count FROM (SELECT 1 AS one",
            $scope!(),
            " LIMIT $4) AS few"
        )
    };
}

pub(super) const PLAIN: [&str; 16] = pages!(plain, "$8", "$9");
pub(super) const OF_MANAGER: [&str; 16] = pages!(of_manager, "$8", "$9");
pub(super) const VIPS: [&str; 16] = pages!(vips, "$8", "$9");
pub(super) const ANYWHERE: [&str; 16] = pages!(anywhere, "$14", "$15");
pub(super) const MANAGER_FITS: [&str; 16] = pages!(manager_fits, "$14", "$15");
pub(super) const VIPS_FIT: [&str; 16] = pages!(vips_fit, "$14", "$15");
pub(super) const BY_ONE: [&str; 16] = pages!(by_one, "$16", "$17");
pub(super) const BY_ONE_OF_MANY: [&str; 16] = pages!(by_one_of_many, "$16", "$17");
pub(super) const BY_TWO: [&str; 16] = pages!(by_two, "$18", "$19");
pub(super) const COUNT_PLAIN: &str = counted!(plain);
pub(super) const COUNT_OF_MANAGER: &str = counted!(of_manager);
pub(super) const COUNT_VIPS: &str = counted!(vips);
pub(super) const COUNT_ANYWHERE: &str = counted!(anywhere);
pub(super) const COUNT_MANAGER_FITS: &str = counted!(manager_fits);
pub(super) const COUNT_VIPS_FIT: &str = counted!(vips_fit);
pub(super) const COUNT_BY_ONE: &str = counted!(by_one);
pub(super) const COUNT_BY_ONE_OF_MANY: &str = counted!(by_one_of_many);
pub(super) const COUNT_BY_TWO: &str = counted!(by_two);
/// How many terms there are in a range, as far as that matters.
pub(super) const WIDTH: &str = concat!(
    "SELECT COUNT(*) AS count FROM (",
    in_range!("$2", "$3", "$4"),
    ") AS few"
);
pub(super) const TOTAL: &str = "SELECT live AS count FROM client_counts WHERE account_id = $1";
pub(super) const PLACE: &str =
    "SELECT sort_name, sort_company, number_order, created_at FROM clients WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    COUNT_PLAIN,
    COUNT_OF_MANAGER,
    COUNT_VIPS,
    COUNT_ANYWHERE,
    COUNT_MANAGER_FITS,
    COUNT_VIPS_FIT,
    COUNT_BY_ONE,
    COUNT_BY_ONE_OF_MANY,
    COUNT_BY_TWO,
    WIDTH,
    TOTAL,
    PLACE,
];
pub(crate) const PAGES: [&[&str]; 9] = [
    &PLAIN,
    &OF_MANAGER,
    &VIPS,
    &ANYWHERE,
    &MANAGER_FITS,
    &VIPS_FIT,
    &BY_ONE,
    &BY_ONE_OF_MANY,
    &BY_TWO,
];
