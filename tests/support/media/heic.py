"""HEIC photos in base 85, because pi-heif cannot encode them (made by pillow-heif 1.4, quality 80).

Three stripes and a square in the upper left corner. `HALF` is half opaque and 97x65, `PQ` is HDR.
"""

from __future__ import annotations

import base64

STRIPES = ((200, 30, 60), (30, 180, 60), (20, 60, 220))
SQUARE = (255, 238, 0)

PLAIN = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<00042ZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l"
    "0RRC200001dH?|c00000009jE001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002iX>f9I0002DX>en20001Z"
    "Xm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ18@KU0|1Z!00RI30{|YNFo6Y@>PacC"
    "ZUPz%2mk;B0LTCU0{{p>VgLaE2SfqEa<C#m0000JV{dG7ZewhC0096E00w{n000zeb8uw<00000003YB002M$000nhX?SS>000032nYxO000+h"
    "aBX1#00000000310R({p0|Wp70TpdzVRQfh0SPDpuLSt*njTFh|KXAU|NgqU?7j`iwGa65sD1pS!#DNI7^r{LyYz3feEfbeE*t2LG=DOP|MZR*"
    "|Kp*EwLoWoaEqOk3xaT*_m%3&<C+Ih0`EPvW7n{el<tTcZ$Y}2`UAsU=W{GLDC3}R4KWndy!KjDj4wp)*%`+Lf9^#Xnd8e!7Jlvt=|F^7JRRq3"
    "=*^m+$yNf`uY2Dgznoab|JU>kqd)A+7T<R`Q-XtPG<RN94<wc7m{Zr~Zt0kuUs}$++c|HgQJ#j@vm6L0h8%ZAn?SWF>*R3}{TJjvk!t7K;o7rx"
    "MN^P9$%FWyAbm7Q*=K3X_r-rruotLfJkplE3450"
)
HALF = base64.b85decode(
    "0000OW^{RQXk}?*00000ZE0pPXk}?*0007UZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-+&aV*mgE07O6l0ssL3"
    "00002kpKYz0000000ChD0ssI200Z&>0RR91000008vp<RIB98aW&i*H00062000$fZf0cy000000RRAKc4ILB0000LX>Mj^0ssI200IC2Xm(>U"
    "000004sdC7Z2$lO0003100FRRaB^?}00D?;aAR)(004Msc4I>U18@KU0FVFx0000U@BsY%`1k+-4+CHT0RR|40Sp2E{{wIU00RJ!0009300RIX"
    "x&lC90096iLID8-Z~y=U0FVFx0{{R603M(;fhQ!HZlsc$=HMZqz<>Y%41fRt0|10#00968L;=Baup&SJ000wXZ)|dIV{CW;0RRmE27mwn02FC+"
    "aAg1h000000Ac_D073u&04QT@VQ>Hd0AT<C0096106_o%00IC1|Nj6000RI2|Nj6000IC201$9#cxeCt0009B2nYZG0CZ?}V?zN12mk;8pZEX("
    "0018F0Q~&;_y7P817H9F02e?33<3ZD1PA~C0|1}+0009303NymKw$s@04PEM0R#vD00RJ@_y7O{0017q(gd9I<+_qeYnuW900RIr000930uW*V"
    "0RRU?0l{*xB0vBD01j|zcxeCt000390000dVRd*z00000b#iVxZE$60I%s8fV>&W0F*Q12b$DrHIxzqM001CqaBX1#00000000620R@2q0|kTt"
    "0tJQx2Z)3K000_ka%E-!00000000hQb$Dz50ssL30RR92gl%MDbN~PWT_^#s1o-Wm9!(|x;gSFU{<^vBz75E=5BTw@ef*=tH}%UHsDISE^l!6#"
    "{C+Sl8|aNRe=>;w^o|$*<DrPPKxcn&i=C7Uf^eMomFmgkng>t<?>)3**RYY4?uZ(1LAsXu1H)YBb1XP0<DhO0F%;Ci_F7boFGTLy8OH^G?nM}x"
    "<I74Ge(nkBK!jL49p`N5&6=OdRsz_sd*2_woLI&G*YpgdKkUmE-*;IFehMm3(Xeesj_b;S<dVG;3VQsl-7^!5>si;kXD#%qGtk=BV}S(_!;a{)"
    "Xcna%e2yYNqWp*QEnh{L?OD2_smL1S!TeAVKAI$Kv$W;=;=iWY3)C^5X-i&&zK8;Lpa1}66lp54qCEYW4s!Uq0py97u(Td7)?*{U4NH`bZx*hN"
    "qyURh<|flY{JH|AIVfYwTX(=SA>`E?qRPYjXRndONAzEi{zU))4~PH&02e3$t_kpH0QX;e_wBfGlwbe=0{{RpAO"
)

PQ = base64.b85decode(
    "0000OW^{RQXk}?*00000ZE0pPXk}?*0004hZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l0RRC2"
    "00001p8x>>0000000Dde001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t0000100030X>f9I0002rX>en20001ZXm(>m"
    "0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ18@KU0|1Z!00RI30{|YNG=V21nQo+#n&#mm"
    "0U&??01SWt00RJoVgLaE2SfqEa<C#m0000JV{dG7ZewhC00{sP011Eq000zeb8uw<00000003eD002S&001asY+-N!003bC00031002P%00061"
    "|Ns9000092|Ns9000062000nhX?SS>000032nYxO000<iaBX1#00000000310R@2q0|kTt00D$;WMOmw00DR?0j~u3>`^?LOaI63|Ns4O-Pw8$"
    "MW}z#{X_5N@masT9mPZb<=>-yuCe3u^B~_uX`}m{5&!O7KmW?``CgAJ>qf1C9mlJ%%-hk8?wgQ)HoQeW{ec=wwzAoT9<I;rxbVs?+^xo?x^-Oj"
    "c|9Lwy)YVs28?+O`06+5x~;9*afpYUEOMNie-UHsd%y)v!z+4B_a)t)&ZU6zG%e7dO|R&a9}i|&vERDux@TzLzwZGyf7+03zeheARv}-VSVKm7"
    "Gj0?u#T-*HUJOg?m2mockSti8;DENkBT5j1&?2s!ecM@=2uSdD?a(MHRB6t(ACq%o_xpvpjW>l-)bQ!LE|mG*2VUCk1}Jj7T{4SJu-otU^2;p0"
    "?Fbvd000930Rr%2(%6THQw*3tz$X;ocbRgln>HIz)JeqT0RxrCZlyjc)j=IWF~~~E^>5+u_Wiz7pe8QKpCq+?XR$y!VDqJ5=Fa07hsu+_<18!y"
    "0Bpb"
)


def make_rotated() -> bytes:
    """Return PLAIN rotated clockwise by 90 degrees: `irot` replaces a descriptive property."""
    at = PLAIN.index(b"pixi") - 4
    size = int.from_bytes(PLAIN[at : at + 4], "big")
    return PLAIN[: at + 4] + b"irot\3" + bytes(size - 9) + PLAIN[at + size :]
