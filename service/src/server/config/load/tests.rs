use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

#[test]
fn the_environment_overrides_and_the_print_hides() {
    let set = [
        ("PROVENN_LISTEN", "0.0.0.0:1"),
        ("PROVENN_LIMITS__TENANT_JOBS", "7"),
        ("PROVENN_S3__SECRET_ACCESS_KEY", "hunter2"),
        ("PROVENN_DATABASE", "postgres://u:hunter3@h/d?password=hunter4"),
        ("PROVENN_HOME", "/elsewhere"),
    ];
    let config = Config::load(None, env(&set)).unwrap();
    assert_eq!((config.listen.as_str(), config.limits.tenant_jobs), ("0.0.0.0:1", 7));
    let shown = config.printable();
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.parse::<toml::Table>().unwrap().contains_key("limits"));
}

#[test]
fn nonsense_is_refused() {
    for pair in [
        ("PROVENN_WORKERS", "0"),
        ("PROVENN_WORKERS", "many"),
        ("PROVENN_WORKERS", "99999999999"),
        ("PROVENN_TIMING__LEASE", "9"),
        ("PROVENN_TIMING__LEASE", "9223372036854775807"),
        ("PROVENN_TIMING__BACKOFF_MAX", "10"),
        ("PROVENN_TIMING__CLOCK_SKEW", "6000"),
        ("PROVENN_LIMITS__MODEL_BYTES", "0"),
        ("PROVENN_LIMITS__MODEL_BYTES", "-1"),
        ("PROVENN_LIMITS__TENANT_JOBS", "-1"),
        ("PROVENN_LIMITS__FORECAST_CPU_SECONDS", "0"),
        ("PROVENN_LIMITS__FORECAST_CPU_SECONDS", "NaN"),
        ("PROVENN_LOG_LEVEL", "verbose"),
        ("PROVENN_STORE", "s3://"),
    ] {
        assert!(Config::load(None, env(&[pair])).is_err(), "{pair:?}");
    }
}

#[test]
fn misspelt_variables_are_refused_with_the_right_name() {
    let error = Config::load(None, env(&[("PROVENN_DATABSE", "postgres://u:hunter2@h/d")])).unwrap_err();
    let said = error.parts().1;
    assert!(
        said.contains("PROVENN_DATABSE names no setting, PROVENN_DATABASE does"),
        "{said}"
    );
    assert!(!said.contains("hunter"), "{said}");
    Config::load(
        None,
        env(&[
            ("PROVENN_PORT", "tcp://10.0.0.1:80"),
            ("PROVENN_SERVICE_HOST", "10.0.0.1"),
        ]),
    )
    .unwrap();
}

#[test]
fn secrets_in_the_wrong_place_are_refused_and_not_repeated() {
    for pair in [
        ("PROVENN_DATABASE", "postgrs://u:hunter2@h/d"),
        ("PROVENN_DATABASE", "host=h password=hunter2"),
        ("PROVENN_STORE", "s3://id:hunter2@bucket/prefix"),
        ("PROVENN_S3__ENDPOINT", "https://id:hunter2@objects"),
    ] {
        let error = Config::load(None, env(&[pair])).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}
