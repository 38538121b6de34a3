//! What must not be printed: secrets and configured personal data, taken out before anything leaves the executor.
