mod bounded;
mod cache;
mod dev;
mod lagrange;
mod ptau;
