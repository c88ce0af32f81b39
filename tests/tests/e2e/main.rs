//! The running daemon as a company meets it: several parts of it in one story.

mod accounts;
mod address_book;
mod backup;
mod caller_id;
mod erasure;
mod import;
mod live;
mod log;
mod notices;
mod numbers;
mod overload;
mod privacy;
mod proxy;
mod queue;
mod sites;
mod transports;
mod trunks;
mod webhooks;
