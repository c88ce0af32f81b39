//! What the stores promise, on SQLite and on PostgreSQL.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod caller_id;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod client_book;
#[cfg(test)]
mod client_search;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod database;
#[cfg(test)]
mod deals;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod forwardings;
#[cfg(test)]
mod guests;
#[cfg(test)]
mod help;
#[cfg(test)]
mod history;
#[cfg(test)]
mod import;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod leads;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod media_links;
#[cfg(test)]
mod menus;
#[cfg(test)]
mod missed;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod office;
#[cfg(test)]
mod phone_book;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod recent;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod sites;
#[cfg(test)]
mod staff;
#[cfg(test)]
mod staff_import;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod supervisors;
#[cfg(test)]
mod timelines;
#[cfg(test)]
mod trunks;
#[cfg(test)]
mod two_factor;
#[cfg(test)]
mod voicemails;
#[cfg(test)]
mod webhooks;

/// Runs each test on either database, as `sqlite::name` and `postgres::name`.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { crate::office::on_sqlite(super::$name).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { crate::office::on_postgres(super::$name).await; })*
        }
    };
}
pub(crate) use on_both;
