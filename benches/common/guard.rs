//! Processes that end with this program, however it ends.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::Fault;

/// Runs a program, says which process it is before the program says anything, and waits for its own standard input to close, which a kill of this
/// program does too. Then it tells the program to stop, and waits until it has; one that did not hear it (a signal that
/// comes before its handler is lost, since a shell has its background jobs ignore it) is killed after a while.
const SHELL: &str = r#"
trap '' INT TERM HUP PIPE
sh -c 'echo "$$"; exec "$@"' bench "$@" </dev/null &
job=$!
read -r _
kill -INT "$job" 2>/dev/null
(
    for _ in $(seq 200); do
        sleep 0.2
        kill -0 "$job" 2>/dev/null || exit
    done
    kill -KILL "$job"
) &
wait "$job"
"#;

/// A program that runs; told to stop, and waited for, when dropped.
pub(crate) struct Guarded {
    shell: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) process: u32,
}

/// A command that runs a program under guard; it is not complete without [`Guarded::start`].
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", SHELL, "bench", program]).args(arguments);
    command
}

impl Guarded {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Fault> {
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = BufReader::new(shell.stdout.take().ok_or("no pipe")?);
        let mut guarded = Self { shell, stdout, process: 0 };
        guarded.process = guarded.line()?.trim().parse()?;
        Ok(guarded)
    }

    /// The next line that the program says; empty when it ended.
    pub(crate) fn line(&mut self) -> Result<String, Fault> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
