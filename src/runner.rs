//! Playing conversations, many at once: plan, dispatcher, executors, journal.
