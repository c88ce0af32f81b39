//! The running daemon and programs that others wrote: SIPp, baresip, Kamailio, sipvicious.

mod audio;
mod baresip;
mod features;
mod kamailio;
mod menus;
mod sipp;
mod sipp_dialogs;
mod sipp_events;
mod sipvicious;
mod torture;
mod transfer;
mod voicemail;
