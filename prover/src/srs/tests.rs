mod cache;
mod dev;
mod ptau;
