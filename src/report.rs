//! Writing what a run found: terminal, progress, JUnit, JSON, GitHub annotations.
