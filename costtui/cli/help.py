"""What `--help` says: each verb with an example."""

import sys

from costtui.cli.given import VERBS, Given
from costtui.errors import UsageError

TEXT = {
    "": """\
costtui shows what this GPU host costs, live: spend, idle burn, cost per million tokens beside the API price.

  costtui                     the screen; where no agent samples it asks whether to keep one
  costtui demo                try it: simulated GPUs and engines, no configuration, no keys, no GPU
  costtui init                find GPUs and engines on this host, write a commented configuration
  costtui status              the same in text; --json, --line for tmux, --check for cron
  costtui agent start         sample in the background; stop, restart, status, logs
  costtui gateway start       carry, meter and route requests on localhost; stop, restart, status
  costtui route               where traffic goes; shift, pin, drain, undo move it by hand
  costtui key add NAME        a key for the gateway's clients; list, revoke
  costtui config check        every problem of the configuration at once
  costtui doctor              what can be seen here, what cannot, and what to do about it
  costtui budget              limits, what is used and held of them; override NAME --limit 300 --for 2h
  costtui breakeven           from which volume own GPUs pay, against each price; --what-if tries other numbers
  costtui replay TRACE.csv    what each routing strategy would have cost for a trace, beside what nobody can beat
  costtui prices [NAME]       API prices of the configured models; which one applies to NAME, and why
  costtui tco                 all that own GPUs cost, with staff and the rest; --claims tests often repeated figures
  costtui compare             what your own traffic would have cost at each seller of the same model
  costtui forecast            what APIs will have cost by the end of the month, with a band
  costtui endpoint            endpoints rented by the hour: pause, resume, scale-to-zero
  costtui idle                what idle GPUs cost, by GPU and by hour of the week
  costtui advice              what to do about it, in dollars a month, with the arithmetic
  costtui reconcile           what providers billed beside what was metered, and where the difference is from
  costtui report              what requests cost, by provider, model, route, key or kind of token
  costtui export csv          the ledger for other programs: csv, json, prometheus or focus (FinOps)
  costtui exporter            /metrics for Prometheus
  costtui alert test          send a test message to the webhook
  costtui verify              is the ledger what was written? backup, purge: copy it, let old attempts go

Everywhere, before or after the command:
  --config PATH     configuration file (COSTTUI_CONFIG)
  --state-dir DIR   where the store is (COSTTUI_STATE_DIR); its config.toml, if there is one, goes with it
  --no-color        no colour (NO_COLOR)     --ascii  no glyph of ambiguous width
  --plain           lines of text, never a painted screen
  --version, --help

The screen alone:
  --read-only       look only: ask nothing and start no agent
  --theme NAME      terminal, dark, light, colour-blind or mono
Keys: 1 overview, 2 GPUs, w warnings, i sources, ? help, q leaves.
""",
    "status": """\
costtui status [--json | --line] [--check] [--watch] [--hosts a,b,c]

  --json       the picture as stored (schema costtui.status/1); money exact, unknown null
  --line       one short line; in tmux: set -g status-right '#(costtui status --line)'
  --check      exit 0 ok, 1 a threshold is near, 2 a budget is over, 3 stale, unknown or crashed;
               2 goes before 3, 3 before 1. Without --check the exit code is 0
  --watch      print again whenever something changed
  --hosts      ask other hosts over ssh and add them up: costtui status --hosts gpu-01,gpu-02

Example, in cron:  costtui status --check --line || costtui status | mail -s cost ops
""",
    "agent": """\
costtui agent [run|start|stop|restart|status|logs] [--background]

  run          in the foreground, until Ctrl-C (this is the default)
  start        in the background, in a session of its own: it outlives the terminal (also: --background)
  stop         ask it to end and wait
  restart      stop, then start
  status       its pid and the age of its last heartbeat; exit 0 running, 3 otherwise
  logs         the last 50 lines of agent.log

Example, as a systemd unit:  ExecStart=/usr/local/bin/costtui agent run
""",
    "gateway": """\
costtui gateway [run|start|stop|restart|status]

Carries requests of OpenAI and Anthropic clients to the configured targets, meters each, and keeps the ledger. Point a
client at http://127.0.0.1:4100/v1 (Anthropic's: http://127.0.0.1:4100) with a key of `costtui key add NAME`; its
`model` is the name of a route or a target.

  run          in the foreground, until Ctrl-C (this is the default)
  start        in the background, in a session of its own
  stop         take nothing new, let running answers end, then end
  restart      let a new process take over, e.g. after an upgrade: no request is lost
  status       how it is, which targets are left alone and why; exit 0 running, 3 otherwise

Answers carry x-costtui-request-id, x-costtui-target and x-costtui-cost (USD; `~` estimated, `?` unknown).
Example, as a systemd unit:  ExecStart=/usr/local/bin/costtui gateway run
                             ExecReload=/usr/local/bin/costtui gateway restart
""",
    "config": """\
costtui config check

Reads the configuration whole and prints every problem with file, line and key; exit 78 if there is one.
Example:  costtui --config ./config.toml config check
""",
    "doctor": """\
costtui doctor [--json]

Looks at Python, SQLite, the driver, the store, the engines, keys and the agent; says for each what it found and
what to do. Exit 1 if something needs doing.
""",
    "advice": """\
costtui advice [--since 7d | --followed] [--json]

What to do about it, ranked by dollars a month, each with its arithmetic, how far to trust it, and the command where a
control exists. Only what your own figures support is said, of ways to save the same dollars the best:
  GPUs     give back what idles; buy the model instead; scale to zero in hours of the week in which nobody asks; fewer
           engines of one model; two models on one GPU; 8 bits; spot or reserved contracts at list prices
  traffic  a cheaper seller of the same model; own GPUs that idle while the model is bought; batch or flex prices where
           nobody waits; max_tokens where the longest answers cost much; caches that forget too soon; idle endpoints
--followed tells of changes whose reason names advice (the printed commands do): predicted against realised.

Example:  costtui advice --since month
""",
    "idle": """\
costtui idle [--since 7d] [--cold-start 5m] [--json]

What idle GPUs cost: by GPU, since when, what that would have bought at the cheapest seller of the same model, and by
hour of the week in the host's time zone. Idle is a resident model that nobody asks, or nothing resident; what was not
observed and what has no known rate is in no amount.

  --cold-start   how long a start takes, instead of what the agent saw (5m before it saw one): what is paid only while
                 it is up is best stopped after as long a pause

Example:  costtui idle --since month --json
""",
    "init": """\
costtui init [--print] [--force]

Finds GPUs, inference engines on local ports and names of API keys in the environment, and writes a commented
configuration: to --config PATH, or to ~/.config/costtui/config.toml. Makes the gateway's first key in the state
directory and prints the lines that make clients use it.

  --print      write to the terminal instead
  --force      replace a file that is there already; without it none is ever touched
""",
    "prices": """\
costtui prices [NAME|list|compile|accept NAME]

  NAME          a target or model: which price applies and why, with its tiers, dates and what is held of it
  list          the prices in force for the configured models, cheapest first (this is the default)
  compile       read the catalogue anew; the agent does so when it starts and when the configuration changes
  accept NAME   take a price that moved by more than ten times since the last compilation and was held for that

The first of these that knows a model's price decides: [prices] of the configuration by target, prices.toml beside it by
provider and model, the catalogue, the list that comes with costtui. Where [billing] names openrouter, `list` ends with
what OpenRouter itself lists otherwise or has where the table has nothing; it prices nothing before you write it down.
""",
    "budget": """\
costtui budget [list] [--json]
costtui budget override NAME --limit USD [--for 2h] [--reason TEXT] [--yes] [--json]
costtui budget set NAME --limit USD [--reason TEXT] [--yes]      costtui budget undo NAME [--yes]

  list       every budget: whose spending, its window and limit, what is used, what the gateway holds, when it runs out
  override   another limit for a while: 2h unless --for says otherwise; then the configured one holds again
  set        another limit until it is undone; better written into the configuration
  undo       the configured limit holds again

Each shows what it does to the budget, asks, and waits until the gateway has it.
""",
    "breakeven": """\
costtui breakeven [--what-if NAME=VALUE ...] [--json]

From which volume your own GPUs cost less than each price that they could replace: the APIs you configured, the cheapest
sellers of the same model, and list prices of stronger models where no API is configured. With F what the GPUs cost a
month (rent, and staff, network and the rest as far as [tco] says), b the price of a million tokens of your mix, and K
what the GPUs can make: the volume is F / b, the utilisation F / (b K). More than K is "never" with these GPUs.

Volume, mix, cache hits and the best minute are measured over four weeks; every number says where it comes from, and
`?` is not 0. NAME is one of
  volume=50M (tokens a day)   utilisation=40% (the volume that makes it)   growth=2M (tokens a day more, each day)
  gpus=4   gpus-per-replica=2   usd-per-gpu-hour=2.50   model=NAME (another engine of this host)
  fte=0.25   usd-per-fte-year=150000   other-usd-per-month=1000
  endpoint-usd-per-hour=8   endpoint-output-rate=900 (output tokens/s of it; else as fast as a replica of yours)
  mix=3:1 (input to output)   cache-hit=40%   prefill=10000 and decode=2500 (tokens/s of a replica), or output-rate=700
  price=1.25/10 (input/output), price=NAME:1.25/10/0.125 (with cached input); several replace all prices

Example:  costtui breakeven --what-if gpus=4 fte=0.5 volume=200M price=gpt-5:1.25/10 price=novita:0.135/0.40
""",
    "compare": """\
costtui compare [--last hour|day|month] [--json]

Your own traffic of the last hour, day (the default) or 30 days, by model, priced at every target and every row of the
price table that sells the same model, cheapest first; beside it what APIs were paid. `compare` of a target names its
model in the price table. What has no price, or nobody to compare with, is said.

Example:  costtui compare --last month --json | jq '.models[].offers[0]'
""",
    "forecast": """\
costtui forecast [--by provider|model|route|key|tag] [--json]

What APIs will have cost by the end of the month, all of them and each provider, model, route, key or tag: spent so
far, then for each day to come the mean of its weekday over four weeks; the band holds eight of ten months if days are
independent. `?` before two weeks of it were metered. Rent of own GPUs and providers' bills are not in it.

Below, when each budget is gone: at the burn of the last hour, as screens and alerts tell, and by the week's shape.

Example:  costtui forecast --by route --json | jq '.scopes[0]'
""",
    "tco": """\
costtui tco [--json]
costtui tco --claims [--json]

What this host costs with everything in it, by hour, month and year: GPUs (rent, or loss of value and interest),
power where it is paid apart, colocation, staff, network, storage, software, setup. GPUs come from [[gpus]], the rest
from [tco]; what nobody stated is `?`, named, and in no sum. Below it what a million tokens costs, on two bases:
  allocation   everything over all tokens, idle hours too: the one to compare with an API's price
  usage        of the GPUs only the hours in which they worked; usage over allocation says how well they are used
Then each input with its source (measured, configured, default, ?) and what 10 % of it more or less moves.

  --claims     figures that are often repeated (from 2 M tokens a day, 30 to 50 % saved, $75,000 of staff ...) against
               your own numbers: holds, fails, depends on what, or ? with what is missing

Example:  costtui tco --json | jq '.total, .without'
""",
    "replay": """\
costtui replay TRACE.csv [--replicas 1,2] [--route NAME] [--json]

Runs a trace (columns timestamp, prompt_tokens, output_tokens; Azure's names too) against a simulated pool of your own
GPUs beside one API, with the same policy that the gateway uses and on what the gateway would know at each moment.

  --route NAME             objective, API price and engine of a configured route; else a 70B model on two H100 and GPT-5
  --input-usd, --output-usd  price of the API that is replaced, per million tokens
  --gpu-usd-hour 2.50      rent of a GPU      --gpus-per-replica 2
  --prefill, --decode      tokens per second that a replica reads and writes (10000, 2500)
  --streams 256            answers at a time      --floor-ms 20   per token of a lone answer
  --assumed-error 25       percent by which the router takes a replica for faster than it is
  --ttft 2 --tpot-ms 100   the objective: seconds to the first byte, milliseconds per token
  --budget-usd, --budget-window 1h   a hard budget over the API; each request may ask for --max-tokens (4096)
  --strategies idle-first,cheapest,weighted

Prints $/h, saving against all-API and against the best single option that keeps the objective, late requests, capture
(API dollars avoided, of what a router that knows the future avoids), the share served locally and budget overshoot.
""",
    "reconcile": """\
costtui reconcile [--provider NAME] [--since WHEN] [--json]

What the gateway metered beside what providers billed, for the providers in [billing] and those that are metered. Days
are compared once they are closed, in UTC. The difference is named as far as both sides prove it: traffic outside the
gateway, tokens without a price, another price, retries and broken answers, another tier, rounding, a day that is not
billed yet; what two causes made is `unexplained`. A bill that is off by a power of ten each day is disputed, not shown.

  --provider   this one alone, cell by cell with the evidence
  --since      from when closed days are compared: the month's first (usual), 7d, 2026-11-01
  --json       one document (schema costtui.reconcile/1); money exact, unknown null

Exit 1 if a bill is disputed, or more than a tenth off.  Example, in cron:  costtui reconcile --since 7d || mail ...
""",
    "endpoint": """\
costtui endpoint [list] [--json]
costtui endpoint pause|resume|scale-to-zero PROVIDER/NAMESPACE/NAME [--reason TEXT] [--yes] [--json]

Dedicated endpoints that are rented by the hour (Hugging Face Inference Endpoints): a GPU that no driver here sees, with
rent and idle burn too. An action says what it saves, asks, is kept with your name, and is done by the agent with the
provider's own control_key; billing keys only read. An order that no agent sees within ten minutes is not carried out.

Exit 0 once it is done.  Example:  costtui endpoint pause huggingface/acme/llama-tgi --reason "weekend"
""",
    "route": """\
costtui route [list | show NAME] [--json]
costtui route shift NAME TARGET=90 TARGET=10 [--for 2h] [--reason TEXT] [--yes] [--json]
costtui route pin NAME TARGET [--for 2h]      costtui route drain TARGET [--for 2h | --undo]      costtui route undo

  list       every route: strategy, shares, what was changed by hand and until when (this is the default)
  show       one route with the changes made to it
  shift      share its traffic out by hand: whole numbers, of which only the proportions count; the others get nothing
             but stay fallbacks. It holds for 2h unless --for says otherwise, --for always until it is undone
  pin        all of it to one target, and nowhere else when that one fails
  drain      nothing new to a target, on every route; what runs there ends by itself
  undo       take back your own last change that is in force

Each shows its effect and asks; --yes for scripts. The actor is the login with the comment of its SSH key, or with the
name in COSTTUI_ACTOR. Example:  costtui route shift chat llama=90 novita=10 --for 2h --reason "night batch"
""",
    "key": """\
costtui key [list | add NAME | revoke NAME] [--json]

  list       names, last four characters, when they were made and revoked (this is the default)
  add        make a key and print it once on standard output; only its hash is kept
  revoke     a running gateway refuses it from now on

Example:  (umask 077; costtui key add team-a > team-a.key)
""",
    "alert": """\
costtui alert test

Sends one test message to [alerts] webhook and says whether it was taken.
""",
    "verify": """\
costtui verify [--json]

Reads the ledger whole, with every sealed month: finds any row that was changed, removed or reordered, a tail that
was cut off, a chain written anew, an old copy put back. Exit 0 if it is what was written, 1 if not.
""",
    "backup": """\
costtui backup FILE

Copies the ledger to a file that is not there yet, also while the gateway writes, and checks the copy. Sealed months
(ledger-2026-11.db) do not change any more: copy them as they are.
""",
    "purge": """\
costtui purge --older-than 90d [--yes]

Removes the attempts that ended longer ago, for good; sums by quarter of an hour stay, and `costtui verify` stays
content. Not while a gateway runs: it removes by itself what is older than 35 days.

  --yes        do not ask
""",
    "report": """\
costtui report [--by WHAT[,WHAT]] [--since WHEN] [--json | --csv]
costtui report --boundary ROUTE [--since WHEN] [--json | --csv]
costtui report --month 2026-11 [--by team|owner|route|user|job|key|provider|model] [--invoice USD] [--json | --csv]
costtui report [--html FILE] [--markdown FILE] [--since WHEN]

What the gateway's requests cost; APIs and own engines (their share of rent and power) apart and never added.

  --by         provider (usual), route, model, key, target, operation, provenance; or kind (of token), alone
  --since      24h (usual), 7d, today, month, or a day such as 2026-11-01 in the host's time zone
  --json       one document (schema costtui.report/1); money exact, unknown null, `unpriced` says how often
  --csv        the same columns; unknown empty
  --boundary   where that route's requests really went, target by target; exit 1 if one left its boundary
  --month      a whole month in the host's time zone, for finance: APIs (metered, estimated, without price; billed
               by those that the gateway did not meter), own engines' share, GPU rent and power, in columns of
               their own; lines sum to the total to 1e-9 USD
               team, owner: what the request says (x-costtui-tag: team=NAME, of the names in [finance]), else whose
               tag, key or Unix user it is by [finance] of the configuration
               user: gateway key, and for GPUs the Unix user whose processes held them; job: the Slurm job
  --invoice    what the GPU host wants for the month; the difference to the rent by contract is shown
  --html, --markdown   one page with charts for who would rather look, of this month or since WHEN; - is stdout

Examples: costtui report --by route,model --since month
          costtui report --month 2026-11 --by team --invoice 5760 --csv > november.csv
""",
    "export": """\
costtui export csv|json|prometheus [--since WHEN] [--raw]
costtui export focus [--month 2026-11 | --since WHEN --until WHEN] [-o FILE]

  csv, json    sums of each hour, by everything the ledger knows, oldest first; json is one object a line
  --raw        instead every attempt, newest first
  --since      31d (usual), 24h, today, month, or a day such as 2026-11-01
  prometheus   what `costtui exporter` would say now, for node_exporter's textfile collector
  focus        FOCUS 1.2 (focus.finops.org) for FinOps tools, this month unless told otherwise, whole hours alone: a row
               per hour, provider, key, model and kind of token, and per GPU and what it did. CapacityReservationStatus
               is Used, Unused (idle burn), or empty (lost, unknown, unobserved). Estimates, owned GPUs and electricity
               have BilledCost 0. FOCUS knows no unknown: costs without a price read 0, with x_CosttuiProvenance
               unknown, empty unit prices and empty x_CosttuiCost. Own engines' tokens cost 0: their rent is the GPUs'.
               Providers in [billing] that nothing was metered of: the lines of their bills, provenance billed
  -o FILE      into a file, whole or not at all, readable by its owner

Money is exact to the billionth of a dollar; unknown is empty or null. Cells that a spreadsheet would run as a formula
begin with an apostrophe.
Examples: costtui export csv --since month > spend.csv
          costtui export focus --month 2026-11 -o focus-2026-11.csv
""",
    "exporter": """\
costtui exporter [--listen 127.0.0.1:9464]

Serves /metrics until Ctrl-C: tokens under OpenTelemetry's GenAI names, money, GPUs and engines under costtui_*. It
reads the store alone, and makes at most 1,000 series whatever clients send; what does not fit is in `other`.

Example, in prometheus.yml:  static_configs: [{ targets: ["127.0.0.1:9464"] }]
""",
    "demo": """\
costtui demo [--headless] [--seconds N] [--seed N] [--no-history] [--theme NAME]

A whole host in a temporary folder: eight simulated GPUs, three simulated vLLM engines and three simulated APIs, traffic
of five requests a second through the real gateway, the real agent, stores and screen.

  --headless --seconds N   no screen: sample N seconds (5), print the status as JSON, end
  --state-dir DIR          keep the store, and try every other command on it from a second terminal:
                           costtui --state-dir DIR status
  --seed N                 another day      --no-history   begin now, not at yesterday's midnight
  --theme NAME             as for the screen
""",
}


def show(verb: str) -> int:
    """Print the help of a verb."""
    sys.stdout.write(TEXT.get(verb, TEXT[""]))
    return 0


def run(given: Given) -> int:
    """`costtui help [VERB]`."""
    verb = given.arguments.pop(0) if given.arguments else ""
    given.no_more()
    if verb not in VERBS:
        raise UsageError(f"no command {verb!r}; see `costtui --help`")
    return show(verb)
