"""How a page looks: light and dark by what the reader prefers, wide tables in boxes of their own, plain in print."""

STYLE = """
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1b1f24;--soft:#59626d;--line:#d9dde2;--bar:#1f6f8b;
--s1:#fdecd2;--s2:#f9cf94;--s3:#f0a552;--s4:#c96a1d;--s5:#8a3d06;--on:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--ink:#e8eaed;--soft:#a2abb5;--line:#353c44;
--bar:#5db8d6;--s1:#33271a;--s2:#5a3d1c;--s3:#8b571f;--s4:#c97f2f;--s5:#f5b765;--on:#14171a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
header p,.note,figcaption,caption{color:var(--soft)}
header p{margin:0 0 20px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 20px;margin:0 0 16px}
h2{font-size:1.15rem;margin:0 0 10px}
.note{margin:8px 0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:16px;margin:0}
.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{margin:0;color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
.figures dt+dd{color:var(--ink);font-size:1.7rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.box{overflow-x:auto;margin:10px 0}
.box:focus-visible{outline:2px solid var(--bar)}
figure{margin:10px 0}
table{border-collapse:collapse;width:100%;font-size:.87rem;font-variant-numeric:tabular-nums}
caption,figcaption{text-align:left;font-size:.85rem;padding:0 0 6px}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
td,th{max-width:30rem}
tbody th{overflow-wrap:anywhere;min-width:9rem}
.w{min-width:13rem}
thead th{color:var(--soft);font-size:.8rem;white-space:nowrap}
.n{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
tbody tr:last-child>*{border-bottom:0}
.heat{min-width:820px}
.heat th,.heat td{min-width:0;text-align:center;padding:5px 1px;border:1px solid var(--card);font-size:.7rem}
.heat .s1{background:var(--s1)}.heat .s2{background:var(--s2);color:#1b1f24}
.heat .s3{background:var(--s3);color:#1b1f24}
.heat .s4{background:var(--s4);color:var(--on)}.heat .s5{background:var(--s5);color:var(--on)}
.chart{display:block;width:100%;min-width:620px;height:auto}
.chart text{fill:var(--soft);font-size:13px;font-family:inherit;font-variant-numeric:tabular-nums}
.bar{fill:var(--bar)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;padding:0;font-size:.82rem}
.legend li::before{content:"";display:inline-block;width:10px;height:10px;margin-right:6px;border-radius:2px}
.legend .c0::before{background:#1f6f8b}.legend .c1::before{background:#d98a2b}.legend .c2::before{background:#6f9a4d}
.legend .c3::before{background:#8a6bb1}.legend .c4::before{background:#c25b5b}.legend .c5::before{background:#7d8792}
.c0{fill:#1f6f8b}.c1{fill:#d98a2b}.c2{fill:#6f9a4d}.c3{fill:#8a6bb1}.c4{fill:#c25b5b}.c5{fill:#7d8792}
.chart.stack{min-width:0;height:34px}
.line{stroke-width:2.5}.l0{stroke:#1f6f8b}.l1{stroke:#d98a2b}.l2{stroke:#6f9a4d}.l3{stroke:#8a6bb1}.l4{stroke:#c25b5b}
.l5{stroke:#7d8792}.mark{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 4}
.axis{stroke:var(--line);stroke-width:1}
@media (max-width:600px){section{padding:14px 12px}main{padding:16px 10px 32px}}
@media (prefers-color-scheme:dark){.heat .s2{color:var(--ink)}.heat .s3{color:#fff}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;font-size:10px}body{font-size:10px}
.w,tbody th{min-width:0}.n,thead th{white-space:normal}th,td{padding-right:8px}
section{border:0;padding:0}.box{overflow:visible}.heat,.chart{min-width:0}tr,figure,.figures{break-inside:avoid}
h2{break-after:avoid}.heat td,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
