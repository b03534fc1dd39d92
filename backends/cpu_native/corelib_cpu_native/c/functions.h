// More functions of float32, computed in float64 without branches, so that they are rounded nearly right whatever the argument. The polynomials are
// fitted to 1e-11 and better. Of float64 the C library's functions are taken.

INLINE u64 f64_bits(f64 v) { u64 b; memcpy(&b, &v, 8); return b; }

// 2^t: beyond float32's range it is held.
INLINE f64 exp2_poly(f64 z) {
    f64 p = 1.3171440610233543e-06;
    p = fused_f64(p, z, 1.5309724473337233e-05);
    p = fused_f64(p, z, 0.00015403873859426008);
    p = fused_f64(p, z, 0.001333345213362535);
    p = fused_f64(p, z, 0.009618128508428709);
    p = fused_f64(p, z, 0.05550410939234617);
    p = fused_f64(p, z, 0.24022650699049844);
    p = fused_f64(p, z, 0.693147180546552);
    p = fused_f64(p, z, 0.9999999999997503);
    return p;
}

INLINE f64 exp2_wide(f64 t) {
    t = t < -200 ? -200 : t;
    t = t > 200 ? 200 : t;
    const f64 moved = t + 6755399441055744.0, n = moved - 6755399441055744.0;  // 1.5 * 2^52: the last bits are the whole number's
    return exp2_poly(t - n) * bits_f64((f64_bits(moved) + 1023) << 52);
}

// log2 of what is above 0 and of float64's normal numbers, as which those of float32 all are.
INLINE f64 log2_poly(f64 z) {
    f64 p = 0.2829335563609054;
    p = fused_f64(p, z, 0.319903489872526);
    p = fused_f64(p, z, 0.41220930236468084);
    p = fused_f64(p, z, 0.5770779419120877);
    p = fused_f64(p, z, 0.9617966941149646);
    p = fused_f64(p, z, 2.8853900817778455);
    return p;
}

INLINE f64 log2_wide(f64 x) {
    const u64 bits = f64_bits(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    const f64 k = bits_f64((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
    const f64 m = bits_f64((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu), s = (m - 1) / (m + 1);
    return fused_f64(s, log2_poly(s * s), k);
}
INLINE f64 log2_any(f64 x) {
    const f64 made = x == 0 ? -INFINITY : x < 0 ? NAN : log2_wide(x);
    return x < INFINITY ? made : x;
}

INLINE f32 exp2_f32(f32 v) { const f64 x = v; return (f32)(v != v ? x : exp2_wide(x)); }
INLINE f32 log2_f32(f32 v) { return (f32)log2_any(v); }
INLINE f32 log10_f32(f32 v) { return (f32)(log2_any(v) * 0.30102999566398119521); }

// What depends on the exponent alone is bits, not branches, which compilers would take out of the loop and stop at.
INLINE f32 pow_f32(f32 a, f32 b) {
    const f64 x = a, y = b, size_ = __builtin_fabs(x), half_ = 0.5 * y;
    const f64 inside = size_ == 0 ? -INFINITY : log2_wide(size_), l = size_ < INFINITY ? inside : size_;
    const u64 whole = __builtin_rint(y) == y, odd = whole & (u64)(__builtin_rint(half_) != half_), zero = y == 0;
    const f64 power = bits_f64(f64_bits(y * l) & (zero - 1)), made = size_ == 1 ? 1 : exp2_wide(power);
    const u64 known = f64_bits(made) ^ (f64_bits(x) & odd << 63), below = x < 0 ? x > -INFINITY ? 1 : 0 : 0;
    return (f32)bits_f64(known | ((below & (1 ^ whole)) * 0x7ff8000000000000u));
}

// Where an argument lies, in quarters of the circle. Up to 2^19, pi / 2 in two parts is taken away. Beyond that x is m 2^e, and of 2^e / (pi / 2)
// only the bits that are below 4 are needed: 96 of those of 2 / pi, from a place that depends on e.
#define TWO_OVER_PI 0.6366197723675814
#define HALF_PI_HIGH 1.5707963267341256
#define HALF_PI_LOW 6.077100506506192e-11
#define WORD_0 0x00a2f9836e4e4415u
#define WORD_1 0x29fc2757d1f534ddu
#define WORD_2 0xc0db6295993c4390u
#define WORD_3 0x41fe5163abdebbc5u
INLINE f64 quarters(f32 v, u64 *quarter) {
    const u64 bits = f32_bits(v) & 0x7fffffffu, e = bits >> 23, m = (bits & 0x7fffffu) | 0x800000u;
    const f64 a = __builtin_fabs((f64)v), moved = a * TWO_OVER_PI + 6755399441055744.0, n = moved - 6755399441055744.0;
    const f64 near = ((a - n * HALF_PI_HIGH) - n * HALF_PI_LOW) * TWO_OVER_PI;
    const u64 from = e - 144, by = from & 63, first = from < 64 ? WORD_0 : WORD_1, second = from < 64 ? WORD_1 : WORD_2, third = from < 64 ? WORD_2 : WORD_3;
    const u64 high = first << by | second >> 1 >> (63 - by), low = second << by | third >> 1 >> (63 - by);
    const u64 turned = m * high + (m * (low >> 32) >> 32), whole = (turned + ((u64)1 << 61)) >> 62;
    const f64 far = (f64)(i64)(turned - (whole << 62)) * 0x1p-62;
    const int is_far = e >= 146;
    *quarter = is_far ? whole : f64_bits(moved);
    const f64 made = is_far ? far : near;
    return e < 255 ? made : NAN;
}
INLINE f64 with_sign(f64 v, u64 sign) { return bits_f64(f64_bits(v) ^ sign << 63); }
INLINE f64 sin_poly(f64 z) {
    f64 p = -3.5559257111624604e-06;
    p = fused_f64(p, z, 0.00016042897487549422);
    p = fused_f64(p, z, -0.004681752527219713);
    p = fused_f64(p, z, 0.07969262614991754);
    p = fused_f64(p, z, -0.6459640975041245);
    p = fused_f64(p, z, 1.570796326794889);
    return p;
}

INLINE f64 cos_poly(f64 z) {
    f64 p = 4.64810161106026e-07;
    p = fused_f64(p, z, -2.519953361139153e-05);
    p = fused_f64(p, z, 0.0009192597695075371);
    p = fused_f64(p, z, -0.020863480711224673);
    p = fused_f64(p, z, 0.2536695078984931);
    p = fused_f64(p, z, -1.233700550136114);
    p = fused_f64(p, z, 0.9999999999999997);
    return p;
}

INLINE f32 sin_f32(f32 v) {
    u64 k;
    const f64 f = quarters(v, &k), z = f * f, s = f * sin_poly(z), c = cos_poly(z);
    return (f32)with_sign(k & 1 ? c : s, k >> 1 ^ f64_bits(v) >> 63);
}
INLINE f32 cos_f32(f32 v) {
    u64 k;
    const f64 f = quarters(v, &k), z = f * f, s = f * sin_poly(z), c = cos_poly(z);
    return (f32)with_sign(k & 1 ? s : c, (k + 1) >> 1);
}
INLINE f32 tan_f32(f32 v) {
    u64 k;
    const f64 f = quarters(v, &k), z = f * f, s = f * sin_poly(z), c = cos_poly(z), x = k & 1 ? c : s, y = k & 1 ? s : c;
    return (f32)with_sign(x / y, k ^ f64_bits(v) >> 63);
}

#define HALF_PI 1.57079632679489661923
INLINE f64 atan_poly(f64 z) {
    f64 p = 0.030660001547678024;
    p = fused_f64(p, z, -0.05874400339015257);
    p = fused_f64(p, z, 0.0756369088460254);
    p = fused_f64(p, z, -0.0907839252508101);
    p = fused_f64(p, z, 0.11110385248997227);
    p = fused_f64(p, z, -0.14285690438391227);
    p = fused_f64(p, z, 0.1999999960523999);
    p = fused_f64(p, z, -0.3333333333080397);
    p = fused_f64(p, z, 0.9999999999999729);
    return p;
}

INLINE f64 atan_up_to_1(f64 t) {  // from 0 to 1
    const int far = t > 0.4142135623730950488;
    const f64 r = far ? (t - 1) / (t + 1) : t;
    return r * atan_poly(r * r) + (far ? 0.5 * HALF_PI : 0);
}
INLINE f64 atan2_wide(f64 y, f64 x) {
    const f64 a = __builtin_fabs(y), b = __builtin_fabs(x), low = a < b ? a : b, high = a < b ? b : a;
    const f64 ratio = low == high ? (high == 0 ? 0 : 1) : low / high, near = atan_up_to_1(ratio);
    const f64 first = a > b ? HALF_PI - near : near, made = f64_bits(x) >> 63 ? 2 * HALF_PI - first : first;
    return (x != x) | (y != y) ? x + y : __builtin_copysign(made, y);
}
INLINE f32 atan2_f32(f32 y, f32 x) { return (f32)atan2_wide(y, x); }
INLINE f32 atan_f32(f32 v) { return (f32)atan2_wide(v, 1); }
INLINE f32 asin_f32(f32 v) { const f64 x = v; return (f32)atan2_wide(x, __builtin_sqrt((1 - x) * (1 + x))); }
INLINE f32 acos_f32(f32 v) { const f64 x = v; return (f32)atan2_wide(__builtin_sqrt((1 - x) * (1 + x)), x); }

#define LOG2_E 1.44269504088896340736
#define LN_2 0.69314718055994530942
INLINE f64 sinh_poly(f64 z) {
    f64 p = 2.5535411256653738e-08;
    p = fused_f64(p, z, 2.7551905071289814e-06);
    p = fused_f64(p, z, 0.00019841297701896475);
    p = fused_f64(p, z, 0.008333333268737439);
    p = fused_f64(p, z, 0.16666666667211924);
    p = fused_f64(p, z, 0.999999999999926);
    return p;
}

INLINE f32 sinh_f32(f32 v) {
    const f64 x = v, z = x * x, e = exp2_wide(LOG2_E * x), far = 0.5 * (e - 1 / e);
    return (f32)(z < 1 ? x * sinh_poly(z) : v != v ? x : far);
}
INLINE f32 cosh_f32(f32 v) {
    const f64 x = v, e = exp2_wide(LOG2_E * x);
    return (f32)(v != v ? x : 0.5 * (e + 1 / e));
}
INLINE f32 asinh_f32(f32 v) {
    const f64 a = __builtin_fabs((f64)v), z = a * a;
    const f64 near = fused_f64(a * z, fused_f64(z, 0.075, -1.0 / 6), a), far = LN_2 * log2_any(a + __builtin_sqrt(z + 1));
    return (f32)__builtin_copysign(a < 1e-3 ? near : far, (f64)v);
}
INLINE f32 acosh_f32(f32 v) {
    const f64 x = v;
    return (f32)(x < 1 ? NAN : LN_2 * log2_any(x + __builtin_sqrt((x - 1) * (x + 1))));
}
INLINE f32 atanh_f32(f32 v) {
    const f64 a = __builtin_fabs((f64)v), z = a * a;
    const f64 near = fused_f64(a * z, fused_f64(z, 0.2, 1.0 / 3), a), far = a > 1 ? NAN : 0.5 * LN_2 * log2_any((1 + a) / (1 - a));
    return (f32)__builtin_copysign(a < 1e-3 ? near : far, (f64)v);
}
INLINE f32 hypot_f32(f32 a, f32 b) {
    const f64 x = a, y = b, made = __builtin_sqrt(x * x + y * y);
    return (f32)((__builtin_fabs(x) == INFINITY) | (__builtin_fabs(y) == INFINITY) ? INFINITY : made);
}

// erfc(x) = exp(-x^2) erfcx(x), and that in (x - 2.5) / (x + 2.5).
INLINE f64 erfcx_poly(f64 z) {
    f64 p = -9.10143106463642e-07;
    p = fused_f64(p, z, -1.6771808361655328e-06);
    p = fused_f64(p, z, 6.780119502405509e-06);
    p = fused_f64(p, z, 1.791608586024075e-05);
    p = fused_f64(p, z, -3.385940390713651e-05);
    p = fused_f64(p, z, -0.0001285373297342583);
    p = fused_f64(p, z, 0.00022830464670838812);
    p = fused_f64(p, z, 0.0008758317954851893);
    p = fused_f64(p, z, -0.002642355019873937);
    p = fused_f64(p, z, -0.003993690873843712);
    p = fused_f64(p, z, 0.03992253811393577);
    p = fused_f64(p, z, -0.1250330529234136);
    p = fused_f64(p, z, 0.25171319325599073);
    p = fused_f64(p, z, -0.3717367339410117);
    p = fused_f64(p, z, 0.2108063640608719);
    return p;
}

INLINE f64 erf_poly(f64 z) {
    f64 p = -1.3375831814196204e-05;
    p = fused_f64(p, z, 0.00011993857662852108);
    p = fused_f64(p, z, -0.0008547048671520218);
    p = fused_f64(p, z, 0.005223962908752245);
    p = fused_f64(p, z, -0.026866169731325634);
    p = fused_f64(p, z, 0.11283791668238773);
    p = fused_f64(p, z, -0.3761263890315698);
    p = fused_f64(p, z, 1.1283791670955132);
    return p;
}

INLINE f32 erfc_f32(f32 v) {
    const f64 x = v, a = __builtin_fabs(x), held = a < 10.1 ? a : 10.1, z = x * x;
    const f64 tail = exp2_wide(-LOG2_E * held * held) * erfcx_poly((held - 2.5) / (held + 2.5));
    const f64 made = z < 0.25 ? 1 - x * erf_poly(z) : x < 0 ? 2 - tail : tail;
    return (f32)(v != v ? x : made);
}

WIDE(exp2) WIDE(log2) WIDE(log10) WIDE(sin) WIDE(cos) WIDE(tan) WIDE(atan) WIDE(asin) WIDE(acos) WIDE(sinh) WIDE(cosh) WIDE(asinh) WIDE(acosh)
WIDE(atanh) WIDE(erfc)
INLINE f64 pow_f64(f64 a, f64 b) { return pow(a, b); }
INLINE f64 atan2_f64(f64 a, f64 b) { return atan2(a, b); }
INLINE f64 hypot_f64(f64 a, f64 b) { return hypot(a, b); }
#define CHOOSE2(name, a, b) _Generic((a), f32: name##_f32, default: name##_f64)(a, b)
#define exp2(v) CHOOSE(exp2, v)
#define log2(v) CHOOSE(log2, v)
#define log10(v) CHOOSE(log10, v)
#define sin(v) CHOOSE(sin, v)
#define cos(v) CHOOSE(cos, v)
#define tan(v) CHOOSE(tan, v)
#define atan(v) CHOOSE(atan, v)
#define asin(v) CHOOSE(asin, v)
#define acos(v) CHOOSE(acos, v)
#define sinh(v) CHOOSE(sinh, v)
#define cosh(v) CHOOSE(cosh, v)
#define asinh(v) CHOOSE(asinh, v)
#define acosh(v) CHOOSE(acosh, v)
#define atanh(v) CHOOSE(atanh, v)
#define erfc(v) CHOOSE(erfc, v)
#define pow(a, b) CHOOSE2(pow, a, b)
#define atan2(a, b) CHOOSE2(atan2, a, b)
#define hypot(a, b) CHOOSE2(hypot, a, b)
