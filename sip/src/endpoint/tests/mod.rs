//! Endpoints against each other over a net of our own, and against messages by hand.

mod calls;
mod dialogs;
mod loss;
mod net;
mod offers;
mod outside;
mod replaces;

mod script;
mod storm;
