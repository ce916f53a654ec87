//! Names of environment variables that are meant for a setting and miss it.

/// Shortest last part of a setting that is recognized alone.
const TELLING: usize = 5;

/// The setting that `name` seems to mean; both are paths with `__` for dots. Variables that resemble none are for others: some systems set ones
/// for every service that they run.
pub fn meant(name: &str, known: &toml::Table) -> Option<String> {
    let settings = all(known);
    let nearest = settings.iter().min_by_key(|setting| distance(name, setting))?;
    let alike = distance(name, nearest) <= (name.len() / 4).max(1);
    let of_a_table = name
        .split_once("__")
        .is_some_and(|(table, _)| known.get(table).is_some_and(toml::Value::is_table));
    if alike || of_a_table {
        return Some(nearest.clone());
    }
    // The table was forgotten.
    let last = |setting: &&String| setting.rsplit("__").next() == Some(name);
    settings.iter().find(last).filter(|_| name.len() >= TELLING).cloned()
}

fn all(known: &toml::Table) -> Vec<String> {
    let of = |(name, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => all(inner).iter().map(|rest| format!("{name}__{rest}")).collect(),
        _ => vec![name.clone()],
    };
    known.iter().flat_map(of).collect()
}

/// Letters to insert, remove, replace or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |up: usize, column: usize| rows.get(rows.len() - up).and_then(|row| row.get(column));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            let ways = [
                row.last().map(|n| n + 1),
                at(1, j + 1).map(|n| n + 1),
                at(1, j).map(|n| n + usize::from(x != y)),
                at(2, j.wrapping_sub(1)).filter(|_| swapped).map(|n| n + 1),
            ];
            row.push(ways.into_iter().flatten().min().unwrap_or_default());
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::server::config::Config;

    #[test]
    fn distances() {
        for (a, b, letters) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (letters, letters), "{a} {b}");
        }
    }

    #[test]
    fn slips_are_told_from_what_is_for_others() {
        let known = toml::Table::try_from(Config::default()).unwrap();
        for (name, right) in [
            ("databse", "database"),
            ("worker", "workers"),
            ("limits_tenant_jobs", "limits__tenant_jobs"),
            ("limit__tenant_jobs", "limits__tenant_jobs"),
            ("limits__tennant_jobs", "limits__tenant_jobs"),
            ("tenant_jobs", "limits__tenant_jobs"),
            ("timing__laese", "timing__lease"),
            ("trusted_proxy", "trusted_proxies"),
        ] {
            assert_eq!(meant(name, &known).as_deref(), Some(right), "{name}");
        }
        assert!(meant("limits__nonsense", &known).is_some());
        let others = [
            "home",
            "port",
            "port_8080_tcp_addr",
            "service_host",
            "service_port_http",
            "key",
            "test_s3",
            "update",
            "crash",
        ];
        for name in others {
            assert_eq!(meant(name, &known), None, "{name}");
        }
    }
}
