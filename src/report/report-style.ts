/** The style sheet of report.html: the page's look without its fonts, for screens of any width and for paper. */
export const reportStyle = `
:root{color-scheme:light dark;background:var(--surface);color:var(--text);font:400 15px/1.5 'Inter Variable',Inter,system-ui,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:none;text-size-adjust:none}
*{box-sizing:border-box}
body{margin:0}
.report{max-width:1472px;margin:0 auto;padding:32px 32px 96px}
h1,h2,h3,h4{font-weight:600;line-height:1.25;letter-spacing:-.011em;text-wrap:balance;margin:0}
h1{font-size:32px;letter-spacing:-.02em;margin-top:24px;max-width:24ch}
h2{font-size:24px;max-width:60ch}
h3{font-size:18px;max-width:60ch}
h4{font-size:13px}
p,ul,dl,pre{margin:0}
p,li,dd,dt{max-width:70ch;text-wrap:pretty}
a{color:var(--accent);text-underline-offset:3px}
.lead{font-size:18px;margin:16px 0}
.lead+.note{margin-bottom:12px}
.note,figcaption{color:var(--muted);font-size:13px;max-width:78ch}
section{display:grid;grid-template-columns:minmax(0,1fr);gap:16px;margin-top:64px;padding-top:24px;border-top:1px solid var(--line)}
section>h3{margin-top:8px}
.part{display:grid;grid-template-columns:minmax(0,1fr);gap:16px;margin-top:16px}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 24px}
dt{color:var(--muted)}
dd{margin:0}
figure{margin:16px 0;display:grid;gap:12px}
.panels{display:flex;flex-wrap:wrap;gap:24px 16px}
.panel{width:332px;max-width:100%}
.panel svg{display:block;width:100%;height:auto;overflow:visible}
.files{display:inline-flex;gap:12px;margin-left:12px}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;font-size:13px}
caption{text-align:left;color:var(--muted);padding-bottom:8px;max-width:min(78ch,calc(100vw - 32px));white-space:normal}
th,td{padding:6px 20px 6px 0;text-align:left;vertical-align:top;border-top:1px solid var(--line);font-weight:400}
thead th{color:var(--muted);border-top:0;vertical-align:bottom;line-height:1.25;max-width:14ch}
tbody th{font-weight:500}
th,td{white-space:nowrap}
thead th,.prose{white-space:normal}
.prose{min-width:30ch;max-width:56ch}
tr{scroll-margin-top:96px}
tr:target{background:var(--sunken);outline:2px solid var(--accent)}
.measured{white-space:nowrap}
.range{color:var(--muted);font-size:12px}
.number{color:inherit;text-decoration:underline dotted var(--line-strong)}
.number:hover{color:var(--accent)}
.badge{display:inline-block;padding:1px 8px;border:1px solid var(--line-strong);border-radius:6px;font-size:12px;white-space:nowrap}
.badge.confirmed,.badge.direction-specific,.badge.admitted,.badge.holds{border-color:var(--accent);color:var(--accent)}
.badge.in-part,.badge.non-specific,.badge.unresolved{border-color:var(--random);color:var(--random)}
.badge.not-confirmed,.badge.undecidable,.badge.flags-too-many,.badge.not-admitted,.badge.does-not-hold{border-color:var(--insecure);color:var(--insecure)}
.checks{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,60ch),1fr));gap:4px 32px;font-size:13px}
.checks strong{font-weight:500}
.checks li{max-width:90ch;color:var(--muted)}
.checks strong{color:var(--text)}
.checks .fails strong{color:var(--insecure)}
nav ol{columns:2 30ch;padding-left:20px;margin-top:12px}
nav{margin-top:64px}
.pair .answer{flex:1 1 40ch;min-width:0;display:grid;gap:4px}
.rungs{display:grid;gap:8px}
details{display:block}
details[open]{margin-bottom:16px}
details>:not(summary){margin-top:12px}
details details{margin-left:16px}
summary{color:var(--muted);cursor:pointer;width:fit-content}
summary:hover{color:var(--text)}
pre,code{font-family:'JetBrains Mono Variable',ui-monospace,monospace;font-size:12px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--sunken);padding:8px 12px;border-radius:6px;max-width:90ch}
code{overflow-wrap:anywhere}
.answers{grid-template-columns:minmax(0,1fr);gap:4px;font-size:13px}
.answers dd{margin-bottom:8px}
@media (max-width:700px){.report{padding:16px 16px 64px}h1{font-size:24px}h2{font-size:18px}h3{font-size:15px}dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:8px}section{margin-top:48px}}
@media print{.report{padding:0;max-width:none}section,figure,tr,.panel{break-inside:avoid}section{break-inside:auto}.scroll{overflow:visible}table{font-size:9px}th,td{padding:2px 8px 2px 0}td .badge{font-size:inherit;padding:0 4px}.range{font-size:inherit}a{color:inherit}.files{display:none}}
`
