//! Frontdesk's configuration: file, environment, flags, checked all at once.
