//! Endpoints against each other over a net of our own, and against messages by hand.

mod calls;
mod dialogs;
mod early;
mod hostile;
mod large;
mod login;
mod loss;
mod lost;
mod net;
mod offers;
mod outside;
mod races;
mod reliable;
mod replaces;

mod script;
mod session_ids;
mod session_timer;
mod storm;
mod subscriptions;
