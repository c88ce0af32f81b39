//! The running daemon and programs that others wrote: SIPp, baresip, Linphone, Kamailio, sipvicious.

mod audio;
mod baresip;
mod features;
mod kamailio;
mod kamailio_failover;
mod linphone;
mod menus;
mod office;
mod sipp;
mod sipp_clients;
mod sipp_codes;
mod sipp_dialogs;
mod sipp_events;
mod sipp_offers;
mod sipp_pickup;
mod sipp_tones;
mod sipp_transfer;
mod sipp_trunk;
mod sipp_ways;
mod sipvicious;
mod torture;
mod transfer;
mod voicemail;
mod widget;
