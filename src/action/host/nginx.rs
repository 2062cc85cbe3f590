//! The nginx of a host: which program with which options its unit starts, and the files that it reads.
//!
//! Promises: nothing is changed; contents travel by standard output and stay in memory. `nginx -T` opens the log files and
//! reads the certificates as `nginx -t` does (`ngx_init_cycle` with `ngx_test_config`): it tells the running nginx nothing, lets
//! "Address already in use" pass, and does not touch a pid file that is there.
//!
//! The files are read by their names, not cut out of what `nginx -T` prints: a file may hold a line that looks like the
//! beginning of another.
//!
//! Not handled: directives of `-g` beyond those that say how nginx runs, and a unit that starts nginx through a script.

use crate::access::{RemoteCommand, RemoteOutput};
use crate::action::edit::nginx::whole::{Configuration, File, Files, named_in};
use crate::action::{Context, Lines};
use crate::model::{Failure, Service, Target};
use std::net::IpAddr;

/// What systemd knows of how a unit is started; nothing where there is no systemd.
const START: &str = r#"systemctl show -p ExecStart -p Environment -p EnvironmentFiles -- "$1" 2>/dev/null || true"#;

/// The value of a variable in files of the form that `EnvironmentFile=` takes; the last one counts.
const VARIABLE: &str = r#"
name=$1
shift
for file in "$@"; do
  [ ! -r "$file" ] || sed -n "s/^[[:space:]]*$name=//p" "$file"
done | tail -n 1
"#;

/// The host's addresses, then of each file a line with its size and its real path, and its bytes.
const READ: &str = r#"
printf '%s\n' "$(hostname -I 2>/dev/null || true)"
for file in "$@"; do
  if [ -f "$file" ]; then
    size=$(stat -Lc %s -- "$file")
    printf '%s %s\n' "$size" "$(readlink -f -- "$file")"
    head -c "$size" -- "$file"
  else
    printf '%s\n' '-'
  fi
done
"#;

/// nginx's own test, by the words that follow.
pub(super) const TEST: &str = r#"exec "$@" -t"#;

/// How nginx is started on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::action) struct Nginx {
    /// The program, and the options that say which configuration it reads.
    argv: Vec<String>,
}

/// What `nginx -T` says of a host's configuration.
pub(in crate::action) enum Read {
    /// It is one, and these are its files.
    Accepted(Box<Configuration>),
    /// nginx does not accept it: what it says.
    Rejected(String),
}

impl Nginx {
    /// The nginx that a unit starts; the one in root's path where no unit says.
    ///
    /// # Errors
    /// When there is no answer.
    pub(in crate::action) async fn of(lines: &Lines<'_>, host: &Target, unit: &Service) -> Result<Self, Failure> {
        let asked = RemoteCommand::root_script(START, [unit.as_str()]);
        let told = lines.run_ok(host, asked, &format!("asking systemd how `{unit}` is started")).await?;
        let start = Start::parse(&told);
        let mut argv = vec![start.program.unwrap_or_else(|| "nginx".to_owned())];
        for (option, value) in start.options {
            let value = match value.strip_prefix('$') {
                None => value,
                Some(name) => {
                    let name = name.trim_start_matches('{').trim_end_matches('}');
                    let from_unit =
                        start.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                    let arguments = std::iter::once(name.to_owned()).chain(start.files.iter().cloned());
                    let asked = RemoteCommand::root_script(VARIABLE, arguments);
                    let from_files = lines.run_ok(host, asked, &format!("reading the environment of `{unit}`")).await?;
                    match unquoted(&from_files) {
                        "" => from_unit.unwrap_or_default(),
                        value => value.to_owned(),
                    }
                }
            };
            if !value.is_empty() {
                argv.extend([option, value]);
            }
        }
        Ok(Self { argv })
    }

    /// The program with its options and these more.
    pub(in crate::action) fn command(&self, more: &[&str]) -> Vec<String> {
        self.argv.iter().cloned().chain(more.iter().map(|&word| word.to_owned())).collect()
    }

    /// The program and its options, as arguments.
    pub(super) fn words(&self) -> Vec<&str> {
        self.argv.iter().map(String::as_str).collect()
    }

    /// How it is called, for a message.
    pub(in crate::action) fn told(&self, more: &str) -> String {
        format!("`{} {more}`", self.argv.join(" "))
    }

    /// Asks nginx whether it accepts its configuration, by exit status: it may warn and still be fine.
    ///
    /// # Errors
    /// When there is no answer.
    pub(in crate::action) async fn test(
        &self,
        lines: &Lines<'_>,
        host: &Target,
    ) -> Result<Result<String, String>, Failure> {
        let output = lines.run(host, RemoteCommand::sudo(self.command(&["-t"]))).await?;
        Ok(if output.ok() { Ok(output.stderr) } else { Err(output.stderr) })
    }

    /// Reads every file of its configuration.
    ///
    /// # Errors
    /// When there is no answer, or a file changed while it was read.
    pub(in crate::action) async fn read(&self, lines: &Lines<'_>, host: &Target) -> Result<Read, Failure> {
        let dump = lines.run(host, RemoteCommand::sudo(self.command(&["-T"]))).await?;
        if !dump.ok() {
            return Ok(Read::Rejected(dump.stderr));
        }
        let names = named_in(&String::from_utf8_lossy(&dump.stdout));
        let Some(main) = names.first().cloned() else {
            return Err(Failure::permanent(format!("{} names no file on {host}", self.told("-T"))).cause(dump.stderr));
        };
        let files = lines.run(host, RemoteCommand::root_script(READ, names.clone())).await?;
        if !files.ok() {
            return Err(Failure::permanent(format!("cannot read nginx's files on {host}")).cause(files.stderr));
        }
        let (addresses, files) = parsed(&names, &files.stdout).ok_or_else(|| {
            Failure::transient(format!("a file of nginx's configuration on {host} changed while it was read"))
        })?;
        Ok(Read::Accepted(Box::new(Configuration::new(Files::new(main, files), addresses))))
    }
}

/// The service of nginx, where none is given.
pub(in crate::action) fn service(given: Option<&Service>) -> Service {
    given.cloned().unwrap_or_else(|| Service::try_from("nginx".to_owned()).expect("a constant that is a service"))
}

/// The nginx of a host and everything that it reads.
///
/// # Errors
/// Refused when nginx does not accept its configuration as it is.
pub(super) async fn whole(
    cx: &Context<'_>,
    host: &Target,
    unit: Option<&Service>,
) -> Result<(Nginx, Configuration), Failure> {
    let nginx = Nginx::of(&cx.lines(), host, &service(unit)).await?;
    match nginx.read(&cx.lines(), host).await? {
        Read::Accepted(whole) => Ok((nginx, *whole)),
        Read::Rejected(said) => {
            Err(Failure::refused(format!("{} fails on {host} before anything was changed", nginx.told("-t")))
                .cause(said)
                .advise("mend nginx's configuration first"))
        }
    }
}

/// Why a test of nginx's does not count as passed: it failed, or nginx only warns that another server has the site's name
/// (`ngx_http_server_names`: "conflicting server name ..., ignored") and would send its visitors there.
pub(super) fn refused_by(output: &RemoteOutput, fqdn: &str) -> Option<String> {
    if !output.ok() {
        return Some(output.stderr.clone());
    }
    let conflict = format!("conflicting server name \"{}\"", fqdn.to_ascii_lowercase());
    output.stderr.lines().find(|line| line.contains(&conflict)).map(str::to_owned)
}

/// The addresses, and the files that are there; nothing when the answer does not hold together.
fn parsed(names: &[String], answer: &[u8]) -> Option<(Vec<IpAddr>, Vec<File>)> {
    let mut rest = answer;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        Some(line)
    };
    let addresses = line()?.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let mut files = Vec::new();
    for name in names {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        if head == "-" {
            continue;
        }
        let (size, real) = head.split_once(' ')?;
        let size: usize = size.parse().ok()?;
        let bytes = rest.get(..size)?.to_vec();
        rest = &rest[size..];
        files.push(File { path: name.clone(), real: real.to_owned(), bytes });
    }
    rest.is_empty().then_some((addresses, files))
}

/// How a unit starts its program, as `systemctl show` tells it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Start {
    /// None where the unit starts something else, a script that starts nginx for instance.
    program: Option<String>,
    options: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    files: Vec<String>,
}

impl Start {
    /// `argv[]=` has lost its quotes: what follows an option that matters here is one word all the same.
    fn parse(told: &str) -> Self {
        let mut start = Self::default();
        for line in told.lines() {
            if let Some(rest) = line.strip_prefix("Environment=") {
                let pairs = rest.split_whitespace().map(unquoted).filter_map(|pair| pair.split_once('='));
                start.environment.extend(pairs.map(|(name, value)| (name.to_owned(), unquoted(value).to_owned())));
            } else if let Some(rest) = line.strip_prefix("EnvironmentFiles=") {
                start.files.extend(rest.split_once(" (").map(|(path, _)| path.to_owned()));
            } else if let Some(rest) = line.strip_prefix("ExecStart=") {
                start.command(rest);
            }
        }
        start
    }

    fn command(&mut self, text: &str) {
        const PROGRAMS: [&str; 6] = ["nginx", "nginx-debug", "openresty", "tengine", "angie", "freenginx"];
        let Some((_, rest)) = text.split_once("path=") else { return };
        let program = rest.split(" ;").next().unwrap_or_default().trim();
        if !PROGRAMS.contains(&program.rsplit('/').next().unwrap_or_default()) {
            return;
        }
        self.program = Some(program.to_owned());
        let arguments = rest.split_once("argv[]=").map_or("", |(_, rest)| rest);
        let arguments = arguments.split(" ; ignore_errors=").next().unwrap_or_default();
        let mut words = arguments.split_whitespace().skip(1);
        while let Some(word) = words.next() {
            let word = unquoted(word);
            if let Some(option) = ["-c", "-p", "-e"].into_iter().find(|option| word.starts_with(option)) {
                let value = if word == option { words.next().unwrap_or_default() } else { &word[option.len()..] };
                self.options.push((option.to_owned(), unquoted(value).to_owned()));
            }
        }
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn units_say_which_nginx_and_which_file() {
        // As systemd 252 tells of Debian's unit.
        let debian = Start::parse(
            "ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; master_process on; ; ignore_errors=no ; \
             start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\nEnvironment=\n",
        );
        assert_eq!((debian.program.as_deref(), debian.options.len()), (Some("/usr/sbin/nginx"), 0));
        let own = Start::parse(
            "ExecStart={ path=/usr/local/nginx/sbin/nginx ; argv[]=/usr/local/nginx/sbin/nginx -p /opt/web -c${CONF} -e stderr ; \
             ignore_errors=no ; start_time=[n/a] }\nEnvironment=CONF=/opt/a.conf \"B=x y\"\n\
             EnvironmentFiles=/etc/default/nginx (ignore_errors=yes)\n",
        );
        assert_eq!(own.program.as_deref(), Some("/usr/local/nginx/sbin/nginx"));
        assert_eq!(own.options, [pair("-p", "/opt/web"), pair("-c", "${CONF}"), pair("-e", "stderr")]);
        assert_eq!(own.environment[0], pair("CONF", "/opt/a.conf"));
        assert_eq!(own.files, ["/etc/default/nginx"]);
        let script = Start::parse(
            "ExecStart={ path=/opt/start-nginx.sh ; argv[]=/opt/start-nginx.sh -c /x ; ignore_errors=no }\n",
        );
        assert_eq!(script, Start::default());
        assert_eq!(Start::parse("LoadState=loaded\n"), Start::default());
    }

    #[test]
    fn files_come_whole_or_not_at_all() {
        let names = ["/etc/nginx/nginx.conf".to_owned(), "/gone".to_owned(), "/etc/nginx/a".to_owned()];
        let answer = b"10.0.0.5 2001:db8::5 \n4 /etc/nginx/nginx.conf\na;\n\n-\n2 /etc/nginx/b\n\xffx";
        let Some((addresses, files)) = parsed(&names, answer) else { panic!("an answer") };
        assert_eq!(addresses.len(), 2);
        assert_eq!(files[0].bytes, b"a;\n\n");
        assert_eq!(
            (files[1].path.as_str(), files[1].real.as_str(), files[1].bytes.len()),
            ("/etc/nginx/a", "/etc/nginx/b", 2)
        );
        for broken in [&answer[..answer.len() - 1], b"\n", b"\n9 /a\nx", b"", b"\nx /a\n"] {
            assert!(parsed(&names, broken).is_none());
        }
    }
}
