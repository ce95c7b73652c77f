"""Style the report: readable on a phone and on a wide screen, by day and by night."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{--ink:#1c2430;--soft:#5b6675;--paper:#fff;--card:#f5f7fa;--line:#d9dfe7;--mean:#7fa8d6;--peak:#c9dcf0;
--capacity:#0b3d78;--band:#f7b9b4;--raised:#d9480f;--lowered:#1971c2;--held:#f2b705;--waiting:#9ec5ea;
--low:#b7bfc9;--steady:#d5ecd9;--unknown:#e3d5f2;--over:#b3261e;
--verdict:#e8f1fb}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--paper:#12161c;--card:#1b2129;
--line:#323b47;--mean:#3f6c9f;--peak:#26405e;--capacity:#9cc7ff;--band:#6e2a2a;--raised:#ff8c52;
--lowered:#4da3f0;--held:#d9a406;--waiting:#2f5f8f;--low:#4c5663;--steady:#24452e;--unknown:#4a3763;
--over:#ff8a80;--verdict:#1a2b40}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;
color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2rem 0 0;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{margin:.35rem 0;color:var(--soft)}
.verdict{color:var(--ink);background:var(--verdict);border-left:.3rem solid var(--lowered);
padding:.7rem .9rem;margin:.7rem 0;border-radius:.25rem}
.warnings{margin:.7rem 0;padding:.6rem .9rem .6rem 2rem;background:var(--card);
border-left:.3rem solid var(--held);
border-radius:.25rem;font-size:.9rem}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:.3rem 0;padding:0;font-size:.85rem;
color:var(--soft)}
.legend i{display:inline-block;width:.85rem;height:.85rem;margin-right:.35rem;vertical-align:-.1rem;
border-radius:2px}
.legend .capacity{height:0;border-top:3px solid var(--capacity);vertical-align:.25rem;background:none}
.figure{display:grid;grid-template-columns:auto 1fr;gap:.4rem;margin:.4rem 0}
.figure>div{min-width:0}
.figure>.units{min-width:2.8rem}
.units{position:relative;height:15rem;font-size:.75rem;color:var(--soft)}
.units span{position:absolute;right:0;transform:translateY(50%);font-variant-numeric:tabular-nums}
.times{position:relative;height:1.4rem;font-size:.75rem;color:var(--soft)}
.times span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.times span::before{content:"";position:absolute;left:50%;top:-.2rem;height:.3rem;
border-left:1px solid var(--soft)}
svg{display:block;width:100%;background:var(--card)}
.chart{height:15rem}
.lanes{height:2.2rem}
.grid path{stroke:var(--line);vector-effect:non-scaling-stroke}
path.capacity{fill:none;stroke:var(--capacity);stroke-width:1.6;vector-effect:non-scaling-stroke;
stroke-linejoin:round}
path.peak,.peak{fill:var(--peak);background:var(--peak)}
path.mean,.mean{fill:var(--mean);background:var(--mean)}
.band{fill:var(--band);background:var(--band)}
.raised{fill:var(--raised);background:var(--raised)}.lowered{fill:var(--lowered);background:var(--lowered)}
.held{fill:var(--held);background:var(--held)}.waiting{fill:var(--waiting);background:var(--waiting)}
.low{fill:var(--low);background:var(--low)}.steady{fill:var(--steady);background:var(--steady)}
.unknown{fill:var(--unknown);background:var(--unknown)}
.wide{overflow-x:auto;margin:1rem 0}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.3rem}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}
thead th{color:var(--soft);font-weight:500;vertical-align:bottom;white-space:normal}
tbody th{font-weight:400}
.ours th,.ours td{font-weight:650}
.bound th,.bound td{color:var(--soft);font-style:italic}
.over{color:var(--over)}
details{margin:.7rem 0}
summary{cursor:pointer;color:var(--soft)}
pre{overflow-x:auto;background:var(--card);padding:.7rem;font-size:.78rem;line-height:1.45;max-height:24rem}
footer{margin-top:2.5rem;border-top:1px solid var(--line);font-size:.85rem}
@media (max-width:40rem){body{padding:.75rem;font-size:15px}.times .hour{display:none}
.times:not(:has(.hour))>:nth-last-child(n+6)~:nth-child(even){display:none}
.chart,.units{height:11rem}th,td{padding:.35rem .45rem}tbody th{white-space:normal;min-width:8.5rem}}
"""
