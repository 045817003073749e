import fc from "fast-check";

// Property tests try the same values in every run; FC_SEED=<number> tries others.
const { FC_SEED: seed = "20261121" } = process.env;
fc.configureGlobal({ seed: Number(seed) });
