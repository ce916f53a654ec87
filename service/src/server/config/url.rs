//! URLs fit for a log: who may connect, but nothing by which.

/// Parameters of a query that are no secrets.
const SHOWN: [&str; 7] = ["application_name", "cache", "dbname", "host", "mode", "port", "sslmode"];
const HIDDEN: &str = "(hidden)";

/// The URL without user, password and unknown parameters; also of a text that is no proper URL.
pub fn shown(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or((None, url), |(scheme, rest)| (Some(scheme), rest));
    if scheme.is_none() && rest.to_lowercase().contains("password") {
        return HIDDEN.into();
    }
    // A password may hold every character, if it is wrong for a URL.
    let (hidden, rest) = rest.rsplit_once('@').map_or((false, rest), |(_, rest)| (true, rest));
    let (place, query) = rest
        .split_once('?')
        .map_or((rest, None), |(place, query)| (place, Some(query)));
    let mut text = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    if hidden {
        text.push_str(HIDDEN);
        text.push('@');
    }
    text.push_str(place);
    let parameter = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if SHOWN.contains(&name) => pair.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.into(),
    };
    if let Some(query) = query {
        let pairs: Vec<String> = query.split('&').map(parameter).collect();
        text = format!("{text}?{}", pairs.join("&"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn no_secret_is_shown() {
        for (url, expected) in [
            ("", ""),
            (
                "sqlite:///data/service.db?mode=rwc",
                "sqlite:///data/service.db?mode=rwc",
            ),
            ("s3://bucket/prefix", "s3://bucket/prefix"),
            ("postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require"),
            ("postgres://u:secret@h:5432/d", "postgres://(hidden)@h:5432/d"),
            ("postgres://u:sec@ret/@h/d", "postgres://(hidden)@h/d"),
            ("postgres://u:sec?ret@h/d", "postgres://(hidden)@h/d"),
            (
                "postgres://h/d?user=u&password=secret&host=x",
                "postgres://h/d?user=(hidden)&password=(hidden)&host=x",
            ),
            ("postgres://h/d?secret", "postgres://h/d?(hidden)"),
            ("u:secret@h/d", "(hidden)@h/d"),
            ("host=h password=secret", "(hidden)"),
            ("s3://id:secret@bucket", "s3://(hidden)@bucket"),
        ] {
            assert_eq!(shown(url), expected);
            assert!(!shown(url).contains("sec"), "{url}");
        }
    }
}
