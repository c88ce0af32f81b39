//! Acceptance rows of staff and phone books, on the running daemon.

mod audit;
mod client_book;
mod company_book;
mod deleted;
mod directory;
mod duties;
mod guests;
mod hidden;
mod leads;
mod numbers;
mod phones;
mod photo;
mod reception;
mod recordings;
mod schedules;
mod sip_status;
mod staff;
mod supervisor;
mod work_place;
