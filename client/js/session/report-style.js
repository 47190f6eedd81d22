/** The style sheet of the report: light, dark, on a phone and on paper. Loads nothing. */

const LIGHT = `--ground:#eef2f0;--panel:#fff;--ink:#13211e;--quiet:#52625d;--hair:#d6dfdb;--hatch:#b4c2bc;--accent:#0b6b5d;
--angry:#ae5146;--disgust:#384e00;--fear:#6820ab;--happy:#bc7605;--sad:#1a83c1;--surprise:#823164;--neutral:#8f8787;
--on-angry:#fff;--on-disgust:#fff;--on-fear:#fff;--on-happy:#000;--on-sad:#000;--on-surprise:#fff;--on-neutral:#000;--on-unsure:#13211e`;
const DARK = `--ground:#0c1312;--panel:#141d1b;--ink:#e7efec;--quiet:#9db0aa;--hair:#25322f;--hatch:#46574f;--accent:#5fd6bd;
--angry:#ed162d;--disgust:#bafa75;--fear:#8161ff;--happy:#d4a917;--sad:#6babfe;--surprise:#ac6799;--neutral:#cecdce;
--on-angry:#000;--on-disgust:#000;--on-fear:#000;--on-surprise:#000;--on-unsure:#e7efec`;

/** A pattern, because a plain surface is where the face was not found. */
const UNSURE = 'repeating-linear-gradient(135deg,var(--panel) 0 3px,var(--hatch) 3px 4.5px)';

/** Another pattern: nothing was measured, neither a face nor its absence. */
const UNMEASURED = 'repeating-linear-gradient(90deg,var(--panel) 0 2px,var(--hair) 2px 4px)';

export const STYLE = `
:root{color-scheme:light;${LIGHT};--unsure:${UNSURE};--unmeasured:${UNMEASURED};font:16px/1.5 Inter,ui-sans-serif,system-ui,sans-serif;color:var(--ink);background:var(--ground)}
*{box-sizing:border-box}body{max-width:66rem;margin:0 auto;padding:1.5rem 1rem 3rem}p{margin:.25rem 0}
h1{margin:0;font-size:1.5rem;line-height:1.25;letter-spacing:-.02em}.name{font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}h2{margin:0 0 .5rem;font-size:1.15rem}h3{margin:0;font-size:1rem}
section,.rest{margin-block-start:1rem;padding:1rem 1.25rem;border:1px solid var(--hair);border-radius:16px;background:var(--panel)}
.rest section{padding:1rem 0 0;border:0}.quiet,th,dt,figcaption,summary,.axis,.levels{color:var(--quiet)}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:0}dt{font-size:.85rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.who{margin-block-start:1.25rem}.who header{display:flex;flex-wrap:wrap;gap:0 .75rem;align-items:baseline}
.share,.ribbon{position:relative;overflow:hidden;border:1px solid var(--hair);border-radius:6px}
.share{display:flex;height:1.5rem;margin-block:.35rem}.share i{height:100%}.share i+i,.ribbon i{border-inline-start:1px solid var(--panel)}
.swatch{display:inline-block;width:1.4rem;border:1px solid var(--hair);border-radius:4px;font:600 .75rem/1.2rem system-ui,sans-serif;text-align:center}
.shares,.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:0;padding:0;list-style:none}.shares b{font-variant-numeric:tabular-nums}
.legend li,.shares li{display:flex;gap:.4rem;align-items:center}.legend svg{width:2.25rem;height:.6rem}
figure{margin:.75rem 0}figcaption{margin-block-start:.35rem;font-size:.85rem}.over{position:relative;direction:ltr;margin-inline:2.75rem 4.5rem}
.ribbon{height:1.5rem}.ribbon i{position:absolute;inset-block:0;overflow:hidden;font:600 .75rem/1.4rem system-ui,sans-serif;text-align:center;white-space:nowrap}
.unmeasured{background:var(--unmeasured)}.unmeasured b{padding-inline:.3rem;background:var(--panel);color:var(--quiet);font-weight:600}
.plot .unmeasured{position:absolute;inset-block:0;opacity:.6}.plot .unmeasured b{display:none}
.plot{position:relative;height:10rem;margin-block-start:.35rem}.plot svg{display:block;position:relative;width:100%;height:100%;overflow:visible}
.grid{stroke:var(--hair);vector-effect:non-scaling-stroke}.line{fill:none;stroke-width:1;stroke-linejoin:round;vector-effect:non-scaling-stroke;opacity:.6}
.line.leading{stroke-width:2.25;opacity:1}.levels span,.ends span{position:absolute;font-size:.75rem;line-height:1;transform:translateY(-50%)}
.levels span{inset-inline-end:100%;padding-inline-end:.4rem;white-space:nowrap}.ends span{inset-inline-start:100%;padding-inline-start:.4rem;white-space:nowrap}
.axis{position:relative;height:1.1rem;margin-block-start:.35rem}.axis span{position:absolute;font-size:.75rem;transform:translateX(-50%);white-space:nowrap}
.axis .first{transform:none}.marks i{position:absolute;inset-block:-1.15rem 1.45rem;border-inline-start:1.5px solid var(--ink);font-style:normal}
.marks b{position:absolute;inset-block-start:0;inset-inline-start:-.6rem;min-width:1.2rem;border-radius:9px;background:var(--ink);color:var(--panel);font:600 .7rem/1.2rem system-ui,sans-serif;text-align:center}
.marks .band{border:0;background:var(--accent);opacity:.14}.marked{margin-block-start:1.5rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding-block:.2rem;padding-inline:0 .6rem;text-align:start;font-weight:400;vertical-align:middle}
td.spark{width:40%}td.spark svg{display:block;width:100%;height:1.5rem;overflow:visible}.values th[scope=row]{overflow-wrap:anywhere}
td.bar{width:35%}td.bar i{display:block;height:.6rem;border:1px solid var(--hair);border-radius:9px}thead th{font-size:.85rem}
ol{margin:0;padding:0;list-style:none}ol li{display:flex;gap:.75rem;overflow-wrap:anywhere}li time{flex:none;min-width:3.75rem;color:var(--quiet);font-variant-numeric:tabular-nums}
li>b.number{flex:none;width:2rem;color:var(--quiet);font-weight:600}details{margin-block-start:.5rem}summary{cursor:pointer}
.share i,.ribbon i,.swatch,td.bar i,.unmeasured,.marks b{forced-color-adjust:none}
@media (max-width:34rem){body{padding-inline:.5rem}section,.rest{padding:.9rem}.over{margin-inline:2.35rem 3.6rem}.bar{display:none}dl{gap:.5rem 1.25rem}}
@media print{@page{size:A4;margin:14mm}:root{background:none;font-size:10pt}body{max-width:none;padding:0}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}section{padding:.6rem 0;border:0;border-block-start:1px solid var(--hair);border-radius:0}
section,figure,.who,tr,ol li{break-inside:avoid}h2,h3{break-after:avoid}.long{break-inside:auto}details:not([open]){display:none}.plot{height:6.5rem}.share,.ribbon{height:1.2rem}.who{margin-block-start:.75rem}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${DARK}}}`;
