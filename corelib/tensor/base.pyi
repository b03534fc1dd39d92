# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from typing import Self
from builtins import bool as _bool, complex as _complex, dict as _dict, float as _float, int as _int, list as _list, object as _object, str as _str, tuple as _tuple, type as _type
from collections.abc import Callable as _Callable, Sequence as _Sequence
from typing import Any as _Any
from corelib.graph.handles import RemovableHandle as _RemovableHandle
from corelib.graph.node import Node as _Node
from corelib.ops.linalg.results import Geqrf as _Geqrf, OldQR as _OldQR, OldSVD as _OldSVD, OldSlogdet as _OldSlogdet, TriangularSolve as _TriangularSolve
from corelib.ops.random.generator import Generator as _Generator
from corelib.ops.return_types import Frexp as _Frexp, Histogram as _Histogram, MinAndMax as _MinAndMax, ValuesAndIndices as _ValuesAndIndices
from corelib.tensor.device import device as _Device
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.layout import layout as _Layout, memory_format as _MemoryFormat
from corelib.tensor.storage import Storage as _Storage, TypedStorage as _TypedStorage
from corelib.tensor.tensor import Tensor as _Tensor

def attach(name: _str, value: _object) -> None:
    """Give every tensor a method or property."""
def extend(source: _Any) -> _Any:
    """Give every tensor what a class defines: a decorator for a subclass of `Tensor` that exists for nothing else."""

class TensorBase:
    def __new__(cls, *args: _Any, **kwargs: _Any) -> Self: ...
    def item(self) -> _Any:
        """The only element as a Python number; RuntimeError where there is not just one."""
    def tolist(self) -> _Any:
        """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
    def numpy(self, *, force: _bool = ...) -> _Any:
        """A NumPy array that shares this tensor's memory; the array keeps the memory alive."""
    def __array__(self, dtype: _DType | _type[_Any] | None = ..., copy: _bool | None = ...) -> _Any: ...
    @property
    def __cuda_array_interface__(self) -> _dict[_str, _object]: ...
    def __dlpack__(self, **kwargs: _object) -> _object: ...
    def __dlpack_device__(self) -> _tuple[_int, _int]: ...
    def __reduce_ex__(self, protocol: _Any) -> _tuple[_Callable[..., _Tensor], _tuple[_object, ...]]: ...
    def __deepcopy__(self, memo: _dict[_int, _object]) -> _Tensor: ...
    @property
    def data(self) -> _Tensor: ...
    @data.setter
    def data(self, value: _Tensor) -> None: ...
    def neg(self, *, out: _Tensor | None = ...) -> _Tensor:
        """`-input`, elementwise; RuntimeError for bool."""
    def negative(self, *, out: _Tensor | None = ...) -> _Tensor:
        """`-input`, elementwise; RuntimeError for bool."""
    def neg_(self) -> _Tensor:
        """`neg`, in place."""
    def negative_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `neg`: writes its result into this tensor and returns it."""
    def bitwise_not(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Each bit flipped; logical not for bool. NotImplementedError for floating dtypes."""
    def bitwise_not_(self) -> _Tensor:
        """`bitwise_not`, in place."""
    def sqrt(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The square root, elementwise; NaN for negative numbers. Integers become the default float."""
    def sqrt_(self) -> _Tensor:
        """`sqrt`, in place."""
    def abs(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The absolute value, elementwise."""
    def absolute(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The absolute value, elementwise."""
    def abs_(self) -> _Tensor:
        """`abs`, in place."""
    def absolute_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `abs`: writes its result into this tensor and returns it."""
    def sign(self, *, out: _Tensor | None = ...) -> _Tensor:
        """-1, 0 or 1, elementwise; 0 for NaN."""
    def sign_(self) -> _Tensor:
        """`sign`, in place."""
    def rsqrt(self, *, out: _Tensor | None = ...) -> _Tensor:
        """One over the square root, elementwise."""
    def rsqrt_(self) -> _Tensor:
        """`rsqrt`, in place."""
    def square(self, *, out: _Tensor | None = ...) -> _Tensor:
        """`input * input`, elementwise."""
    def square_(self) -> _Tensor:
        """`square`, in place."""
    def positive(self) -> _Tensor:
        """`input` itself; RuntimeError for bool."""
    def mm(self, mat2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The product of two matrices: (n, k) by (k, m) gives (n, m). RuntimeError where the sizes do not fit."""
    def bmm(self, mat2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The products of two batches of matrices: (b, n, k) by (b, k, m) gives (b, n, m)."""
    def dot(self, tensor: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The inner product of two vectors."""
    def mv(self, vec: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The product of a matrix (n, m) and a vector (m)."""
    def outer(self, vec2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The outer product of two vectors: element (i, j) is input[i] * vec2[j]."""
    def ger(self, vec2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The outer product of two vectors: element (i, j) is input[i] * vec2[j]."""
    def matmul(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The matrix product, as Python's `@`: vectors, matrices and batches of matrices, whose batches broadcast."""
    def addmm(self, mat1: _Tensor, mat2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`beta * input + alpha * (mat1 @ mat2)`; with beta 0 `input` is ignored, NaN and all."""
    def addmm_(self, mat1: _Tensor, mat2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addmm`, in place."""
    def baddbmm(self, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
    def baddbmm_(self, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`baddbmm`, in place."""
    def where(self, condition: _Tensor, other: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """This tensor where `condition` is True, else `other`."""
    def add(self, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input + alpha * other`, elementwise with broadcasting and promotion."""
    def add_(self, other: _Any, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """The in-place form of `add`: writes its result into this tensor and returns it."""
    def sub(self, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input - alpha * other`, elementwise with broadcasting and promotion. RuntimeError for bool."""
    def subtract(self, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input - alpha * other`, elementwise with broadcasting and promotion. RuntimeError for bool."""
    def sub_(self, other: _Any, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """The in-place form of `sub`: writes its result into this tensor and returns it."""
    def subtract_(self, other: _Any, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """The in-place form of `sub`: writes its result into this tensor and returns it."""
    def mul(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input * other`, elementwise with broadcasting and promotion."""
    def multiply(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input * other`, elementwise with broadcasting and promotion."""
    def mul_(self, other: _Any) -> _Tensor:
        """The in-place form of `mul`: writes its result into this tensor and returns it."""
    def multiply_(self, other: _Any) -> _Tensor:
        """The in-place form of `mul`: writes its result into this tensor and returns it."""
    def floor_divide(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """The quotient rounded down, elementwise. RuntimeError where an integer is divided by zero."""
    def floor_divide_(self, other: _Any) -> _Tensor:
        """The in-place form of `floor_divide`: writes its result into this tensor and returns it."""
    def div(self, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
    def div_(self, other: _Any, *, rounding_mode: _str | None = ...) -> _Tensor:
        """The in-place form of `div`."""
    def divide(self, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
    def divide_(self, other: _Any, *, rounding_mode: _str | None = ...) -> _Tensor:
        """The in-place form of `div`."""
    def true_divide(self, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
    def true_divide_(self, other: _Any, *, rounding_mode: _str | None = ...) -> _Tensor:
        """The in-place form of `div`."""
    def remainder(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """What is left of `input / other`, with the sign of `other`, as Python's `%`. RuntimeError for an integer and zero."""
    def remainder_(self, other: _Any) -> _Tensor:
        """The in-place form of `remainder`: writes its result into this tensor and returns it."""
    def fmod(self, other: _Tensor | _float, *, out: _Tensor | None = ...) -> _Tensor:
        """What is left of `input / other`, with the sign of `input`, as C's fmod. RuntimeError for an integer and zero."""
    def fmod_(self, other: _Any) -> _Tensor:
        """The in-place form of `fmod`: writes its result into this tensor and returns it."""
    def maximum(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The larger of two, elementwise; NaN where either is."""
    def minimum(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The smaller of two, elementwise; NaN where either is."""
    def pow(self, exponent: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` to the power of `exponent`, elementwise. RuntimeError for integers to negative powers."""
    def pow_(self, exponent: _Any) -> _Tensor:
        """The in-place form of `pow`: writes its result into this tensor and returns it."""
    def copysign(self, other: _Tensor | _float, *, out: _Tensor | None = ...) -> _Tensor:
        """The size of `input` with the sign of `other`, elementwise."""
    def copysign_(self, other: _Any) -> _Tensor:
        """The in-place form of `copysign`: writes its result into this tensor and returns it."""
    def atan2(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The angle of the point (other, input) in radians, elementwise, from -pi to pi."""
    def arctan2(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The angle of the point (other, input) in radians, elementwise, from -pi to pi."""
    def atan2_(self, other: _Any) -> _Tensor:
        """The in-place form of `atan2`: writes its result into this tensor and returns it."""
    def arctan2_(self, other: _Any) -> _Tensor:
        """The in-place form of `atan2`: writes its result into this tensor and returns it."""
    def hypot(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The square root of `input² + other²` without overflow, elementwise; NotImplementedError for integers and bools."""
    def hypot_(self, other: _Any) -> _Tensor:
        """The in-place form of `hypot`: writes its result into this tensor and returns it."""
    def float_power(self, exponent: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` to the power of `exponent` in float64, elementwise; either may be a number."""
    def float_power_(self, exponent: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """The in-place form of `float_power`, for float64 tensors. RuntimeError for others."""
    def reciprocal(self, *, out: _Tensor | None = ...) -> _Tensor:
        """One over `input`, elementwise."""
    def reciprocal_(self) -> _Tensor:
        """`reciprocal`, in place."""
    def exp(self, *, out: _Tensor | None = ...) -> _Tensor:
        """e to the power of `input`, elementwise. Integers become the default float."""
    def exp_(self) -> _Tensor:
        """`exp`, in place."""
    def log(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The natural logarithm, elementwise; -inf at 0, NaN below. Integers become the default float."""
    def log_(self) -> _Tensor:
        """`log`, in place."""
    def log1p(self, *, out: _Tensor | None = ...) -> _Tensor:
        """log(1 + input), exact for small inputs, elementwise."""
    def log1p_(self) -> _Tensor:
        """`log1p`, in place."""
    def expm1(self, *, out: _Tensor | None = ...) -> _Tensor:
        """exp(input) - 1, exact for small inputs, elementwise."""
    def expm1_(self) -> _Tensor:
        """`expm1`, in place."""
    def log2(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The logarithm to base 2, elementwise."""
    def log2_(self) -> _Tensor:
        """`log2`, in place."""
    def log10(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The logarithm to base 10, elementwise."""
    def log10_(self) -> _Tensor:
        """`log10`, in place."""
    def sigmoid(self, *, out: _Tensor | None = ...) -> _Tensor:
        """1 / (1 + exp(-input)), elementwise."""
    def sigmoid_(self) -> _Tensor:
        """`sigmoid`, in place."""
    def exp2(self, *, out: _Tensor | None = ...) -> _Tensor:
        """2 to the power of `input`, elementwise. Integers become the default float."""
    def exp2_(self) -> _Tensor:
        """`exp2`, in place."""
    def logaddexp(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """log(exp(input) + exp(other)) without overflow, elementwise; NotImplementedError for integers and bools."""
    def logaddexp2(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """log2(2**input + 2**other) without overflow, elementwise; NotImplementedError for integers and bools."""
    def xlogy(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input * log(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number."""
    def xlogy_(self, other: _Any) -> _Tensor:
        """The in-place form of `xlogy`: writes its result into this tensor and returns it."""
    def logit(self, eps: _float | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """log(input / (1 - input)), elementwise, the inverse of sigmoid; with `eps` the input is first cut to [eps, 1 - eps]."""
    def logit_(self, eps: _float | None = ...) -> _Tensor:
        """`logit`, in place."""
    def i0(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The modified Bessel function of the first kind and order 0, elementwise."""
    def i0_(self) -> _Tensor:
        """`i0`, in place."""
    def erf(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The error function, elementwise: 2/sqrt(pi) times the integral of exp(-t²) from 0 to `input`."""
    def erf_(self) -> _Tensor:
        """`erf`, in place."""
    def erfc(self, *, out: _Tensor | None = ...) -> _Tensor:
        """1 - erf(input), elementwise, with all its digits for large inputs."""
    def erfc_(self) -> _Tensor:
        """`erfc`, in place."""
    def erfinv(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The number whose erf is `input`, elementwise; ±inf at ±1, NaN beyond."""
    def erfinv_(self) -> _Tensor:
        """`erfinv`, in place."""
    def frexp(self, *, out: _Any = ...) -> _Frexp:
        """(mantissa, exponent) with input = mantissa * 2**exponent and a mantissa of size from 1/2 to 1; floating dtypes only."""
    def ldexp(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """`input * 2**other`, elementwise."""
    def ldexp_(self, other: _Any) -> _Tensor:
        """The in-place form of `ldexp`: writes its result into this tensor and returns it."""
    def nextafter(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The next floating-point number after `input` towards `other`, elementwise."""
    def nextafter_(self, other: _Any) -> _Tensor:
        """The in-place form of `nextafter`: writes its result into this tensor and returns it."""
    def sin(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The sine of radians, elementwise."""
    def sin_(self) -> _Tensor:
        """`sin`, in place."""
    def cos(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The cosine of radians, elementwise."""
    def cos_(self) -> _Tensor:
        """`cos`, in place."""
    def tan(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The tangent of radians, elementwise."""
    def tan_(self) -> _Tensor:
        """`tan`, in place."""
    def asin(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc sine in radians, elementwise; NaN outside -1 to 1."""
    def arcsin(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc sine in radians, elementwise; NaN outside -1 to 1."""
    def asin_(self) -> _Tensor:
        """`asin`, in place."""
    def arcsin_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `asin`: writes its result into this tensor and returns it."""
    def acos(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc cosine in radians, elementwise; NaN outside -1 to 1."""
    def arccos(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc cosine in radians, elementwise; NaN outside -1 to 1."""
    def acos_(self) -> _Tensor:
        """`acos`, in place."""
    def arccos_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `acos`: writes its result into this tensor and returns it."""
    def atan(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc tangent in radians, elementwise."""
    def arctan(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The arc tangent in radians, elementwise."""
    def atan_(self) -> _Tensor:
        """`atan`, in place."""
    def arctan_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `atan`: writes its result into this tensor and returns it."""
    def sinh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The hyperbolic sine, elementwise."""
    def sinh_(self) -> _Tensor:
        """`sinh`, in place."""
    def cosh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The hyperbolic cosine, elementwise."""
    def cosh_(self) -> _Tensor:
        """`cosh`, in place."""
    def tanh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The hyperbolic tangent, elementwise."""
    def tanh_(self) -> _Tensor:
        """`tanh`, in place."""
    def asinh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic sine, elementwise."""
    def arcsinh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic sine, elementwise."""
    def asinh_(self) -> _Tensor:
        """`asinh`, in place."""
    def arcsinh_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `asinh`: writes its result into this tensor and returns it."""
    def acosh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic cosine, elementwise; NaN below 1."""
    def arccosh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic cosine, elementwise; NaN below 1."""
    def acosh_(self) -> _Tensor:
        """`acosh`, in place."""
    def arccosh_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `acosh`: writes its result into this tensor and returns it."""
    def atanh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic tangent, elementwise; ±inf at ±1, NaN beyond."""
    def arctanh(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse hyperbolic tangent, elementwise; ±inf at ±1, NaN beyond."""
    def atanh_(self) -> _Tensor:
        """`atanh`, in place."""
    def arctanh_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `atanh`: writes its result into this tensor and returns it."""
    def deg2rad(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Degrees as radians, elementwise."""
    def deg2rad_(self) -> _Tensor:
        """`deg2rad`, in place."""
    def rad2deg(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Radians as degrees, elementwise."""
    def rad2deg_(self) -> _Tensor:
        """`rad2deg`, in place."""
    def sinc(self, *, out: _Tensor | None = ...) -> _Tensor:
        """sin(pi x) / (pi x), elementwise; 1 at 0."""
    def sinc_(self) -> _Tensor:
        """`sinc`, in place."""
    def lgamma(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The logarithm of the gamma function's absolute value, elementwise; inf at 0, -1, -2, ..."""
    def lgamma_(self) -> _Tensor:
        """`lgamma`, in place."""
    def digamma(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The derivative of lgamma, elementwise; ∓inf at ±0, NaN at -1, -2, ..."""
    def digamma_(self) -> _Tensor:
        """`digamma`, in place."""
    def polygamma(self, n: _int) -> _Tensor:
        """The nth derivative of digamma, elementwise."""
    def polygamma_(self, n: _int) -> _Tensor:
        """The in-place form of `polygamma`: writes its result into this tensor and returns it."""
    def mvlgamma(self, p: _int, *, out: _Tensor | None = ...) -> _Tensor:
        """The logarithm of the multivariate gamma function of dimension `p`, elementwise: the sum of lgamma(input - i/2) for i < p,"""
    def mvlgamma_(self, p: _int) -> _Tensor:
        """`mvlgamma`, in place."""
    def gcd(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The greatest common divisor, elementwise, never negative; gcd(0, 0) is 0."""
    def gcd_(self, other: _Any) -> _Tensor:
        """The in-place form of `gcd`: writes its result into this tensor and returns it."""
    def lcm(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The least common multiple, elementwise, never negative; 0 where either is 0."""
    def lcm_(self, other: _Any) -> _Tensor:
        """The in-place form of `lcm`: writes its result into this tensor and returns it."""
    def lt(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input < other`, elementwise; False where either is NaN."""
    def less(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input < other`, elementwise; False where either is NaN."""
    def lt_(self, other: _Any) -> _Tensor:
        """The in-place form of `lt`: writes its result into this tensor and returns it."""
    def less_(self, other: _Any) -> _Tensor:
        """The in-place form of `lt`: writes its result into this tensor and returns it."""
    def eq(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input == other`, elementwise; False where either is NaN."""
    def eq_(self, other: _Any) -> _Tensor:
        """The in-place form of `eq`: writes its result into this tensor and returns it."""
    def ne(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input != other`, elementwise; True where either is NaN."""
    def not_equal(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input != other`, elementwise; True where either is NaN."""
    def ne_(self, other: _Any) -> _Tensor:
        """The in-place form of `ne`: writes its result into this tensor and returns it."""
    def not_equal_(self, other: _Any) -> _Tensor:
        """The in-place form of `ne`: writes its result into this tensor and returns it."""
    def gt(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input > other`, elementwise; False where either is NaN."""
    def greater(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input > other`, elementwise; False where either is NaN."""
    def gt_(self, other: _Any) -> _Tensor:
        """The in-place form of `gt`: writes its result into this tensor and returns it."""
    def greater_(self, other: _Any) -> _Tensor:
        """The in-place form of `gt`: writes its result into this tensor and returns it."""
    def le(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input <= other`, elementwise; False where either is NaN."""
    def less_equal(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input <= other`, elementwise; False where either is NaN."""
    def le_(self, other: _Any) -> _Tensor:
        """The in-place form of `le`: writes its result into this tensor and returns it."""
    def less_equal_(self, other: _Any) -> _Tensor:
        """The in-place form of `le`: writes its result into this tensor and returns it."""
    def ge(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input >= other`, elementwise; False where either is NaN."""
    def greater_equal(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input >= other`, elementwise; False where either is NaN."""
    def ge_(self, other: _Any) -> _Tensor:
        """The in-place form of `ge`: writes its result into this tensor and returns it."""
    def greater_equal_(self, other: _Any) -> _Tensor:
        """The in-place form of `ge`: writes its result into this tensor and returns it."""
    def bitwise_and(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """The bits that both have; logical and for bool."""
    def bitwise_and_(self, other: _Any) -> _Tensor:
        """The in-place form of `bitwise_and`: writes its result into this tensor and returns it."""
    def bitwise_or(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """The bits that either has; logical or for bool."""
    def bitwise_or_(self, other: _Any) -> _Tensor:
        """The in-place form of `bitwise_or`: writes its result into this tensor and returns it."""
    def bitwise_xor(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """The bits that just one has."""
    def bitwise_xor_(self, other: _Any) -> _Tensor:
        """The in-place form of `bitwise_xor`: writes its result into this tensor and returns it."""
    def bitwise_left_shift(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """Bits moved up by `other` places; 0 for shifts past the width."""
    def bitwise_left_shift_(self, other: _Any) -> _Tensor:
        """The in-place form of `bitwise_left_shift`: writes its result into this tensor and returns it."""
    def bitwise_right_shift(self, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """Bits moved down by `other` places; the sign is kept."""
    def bitwise_right_shift_(self, other: _Any) -> _Tensor:
        """The in-place form of `bitwise_right_shift`: writes its result into this tensor and returns it."""
    def logical_not(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are zero."""
    def logical_not_(self) -> _Tensor:
        """`logical_not`, in place."""
    def logical_and(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether both are not zero."""
    def logical_and_(self, other: _Any) -> _Tensor:
        """The in-place form of `logical_and`: writes its result into this tensor and returns it."""
    def logical_or(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether either is not zero."""
    def logical_or_(self, other: _Any) -> _Tensor:
        """The in-place form of `logical_or`: writes its result into this tensor and returns it."""
    def logical_xor(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether just one is not zero."""
    def logical_xor_(self, other: _Any) -> _Tensor:
        """The in-place form of `logical_xor`: writes its result into this tensor and returns it."""
    def isnan(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are NaN."""
    def isinf(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are infinite."""
    def isfinite(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are neither infinite nor NaN."""
    def signbit(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether the sign is set, which it is for -0."""
    def isposinf(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are inf."""
    def isneginf(self, *, out: _Tensor | None = ...) -> _Tensor:
        """Whether elements are -inf."""
    def floor(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The largest integer not above, elementwise; integers as they are."""
    def floor_(self) -> _Tensor:
        """`floor`, in place."""
    def ceil(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The smallest integer not below, elementwise."""
    def ceil_(self) -> _Tensor:
        """`ceil`, in place."""
    def trunc(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The integer part, elementwise."""
    def fix(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The integer part, elementwise."""
    def trunc_(self) -> _Tensor:
        """`trunc`, in place."""
    def fix_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `trunc`: writes its result into this tensor and returns it."""
    def round(self, *, decimals: _int | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The nearest integer, halves to even, elementwise; `decimals` digits after (or, if negative, before) the point."""
    def round_(self, *, decimals: _int | None = ...) -> _Tensor:
        """`round`, in place."""
    def frac(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The part behind the point, with the sign of `input`, elementwise. NotImplementedError for integers."""
    def frac_(self) -> _Tensor:
        """`frac`, in place."""
    def isclose(self, other: _Tensor, rtol: _float = ..., atol: _float = ..., equal_nan: _bool = ...) -> _Tensor:
        """Whether |input - other| <= atol + rtol * |other|, elementwise; equal infinities are close, NaN only with `equal_nan`."""
    def allclose(self, other: _Tensor, rtol: _float = ..., atol: _float = ..., equal_nan: _bool = ...) -> _bool:
        """Whether `isclose` holds for every element."""
    def equal(self, other: _Tensor) -> _bool:
        """Whether two tensors have one shape and the same elements, of whatever dtypes; NaN equals nothing."""
    def new_zeros(self, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
        """As `corelib.zeros`, with this tensor's dtype and device unless given."""
    def new_ones(self, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
        """As `corelib.ones`, with this tensor's dtype and device unless given."""
    def new_empty(self, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
        """As `corelib.empty`, with this tensor's dtype and device unless given."""
    def new_full(self, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
        """As `corelib.full`, with this tensor's dtype and device unless given."""
    def new_tensor(self, data: _object, *, dtype: _DType | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
        """A tensor with a copy of `data`, with this tensor's dtype and device unless given."""
    def new(self, *args: _Any, device: _Device | _str | _int | None = ...) -> _Tensor:
        """A tensor of this one's dtype and device: uninitialized from sizes, or with the elements of a sequence. `new_empty` and `new_tensor` say it better."""
    def pin_memory(self, device: _Device | _str | _int | None = ...) -> _Tensor:
        """A copy in pinned memory of `device`'s backend, by default that of the first which has it; itself where it is there."""
    def is_pinned(self, device: _Device | _str | _int | None = ...) -> _bool:
        """Whether the elements lie in pinned memory (of `device`'s backend, where one is given)."""
    def clone(self, *, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """A copy with memory of its own; gradients flow through it."""
    def contiguous(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor if it is row-major contiguous, else a copy that is."""
    def detach(self) -> _Tensor:
        """The same memory outside the graph: in-place changes are shared, gradients are not."""
    def detach_(self) -> _Tensor:
        """Take this tensor out of the graph in place; RuntimeError for views."""
    def to(self, *args: _Any, **kwargs: _object) -> _Tensor:
        """This tensor with another dtype or device: `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`."""
    def cpu(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor on the CPU."""
    def cuda(self, device: _Device | _str | _int | None = ..., non_blocking: _bool = ..., memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor on a cuda device."""
    def record_stream(self, stream: _Any) -> None:
        """Say that a stream uses this tensor: its memory is given to others only after what is in that stream when it is freed."""
    def half(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.float16."""
    def bfloat16(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.bfloat16."""
    def float(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.float32."""
    def double(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.float64."""
    def short(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.int16."""
    def int(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.int32."""
    def long(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.int64."""
    def bool(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.bool."""
    def cfloat(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.complex64."""
    def cdouble(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.complex128."""
    def byte(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.uint8."""
    def char(self, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """This tensor as torch.int8."""
    def type(self, dtype: _DType | _type[_object] | _str | None = ..., non_blocking: _bool = ...) -> _Any:
        """This tensor as another dtype, or, without one, the name of its type."""
    def type_as(self, other: _Tensor) -> _Tensor:
        """This tensor with the dtype and device of another."""
    def copy_(self, src: _Tensor, non_blocking: _bool = ...) -> _Tensor:
        """Copy the elements of `src`, broadcast and cast, into this tensor in place."""
    def fill_(self, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """Set every element in place."""
    def zero_(self) -> _Tensor:
        """Set every element to zero in place."""
    def reshape(self, *sizes: _int | _Sequence[_int], shape: _Sequence[_int] | None = ...) -> _Tensor:
        """Another shape: a view where the strides allow it, else a copy. One size may be -1."""
    def view(self, *sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ..., dtype: _DType | None = ...) -> _Tensor:
        """The same memory in another shape, or, given a dtype, seen as elements of that."""
    def expand(self, *sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ...) -> _Tensor:
        """A view in which dimensions of size 1 are repeated without memory (stride 0); -1 keeps a size."""
    def unsqueeze(self, dim: _int) -> _Tensor:
        """A view with a new dimension of size 1 at `dim`."""
    def squeeze(self, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
        """A view without the dimensions of size 1: all of them, or those of `dim` (an int or several) that have size 1."""
    def select(self, dim: _int, index: _int) -> _Tensor:
        """A view of one index along `dim`, which disappears. IndexError where the index is out of range."""
    def narrow(self, dim: _int, start: _Tensor | _int, length: _int) -> _Tensor:
        """A view of `length` places along `dim` from `start`."""
    def as_strided(self, size: _Sequence[_int], stride: _Sequence[_int], storage_offset: _int | None = ...) -> _Tensor:
        """A view of the storage with any shape, strides and offset, in elements; RuntimeError where it would leave the storage."""
    def diagonal(self, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
        """A view of a diagonal of two dimensions, which becomes the last dimension; `offset` above (below if negative) the main."""
    def transpose(self, dim0: _int, dim1: _int) -> _Tensor:
        """A view with two dimensions swapped."""
    def swapdims(self, dim0: _int, dim1: _int) -> _Tensor:
        """A view with two dimensions swapped."""
    def swapaxes(self, axis0: _int, axis1: _int) -> _Tensor:
        """`transpose` by another name, as NumPy has it."""
    def t(self) -> _Tensor:
        """The transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError for more dimensions."""
    def permute(self, *sizes: _int | _Sequence[_int], dims: _Sequence[_int] | None = ...) -> _Tensor:
        """A view with the dimensions in another order."""
    def movedim(self, source: _int | _Sequence[_int], destination: _int | _Sequence[_int]) -> _Tensor:
        """A view with the dimensions `source` moved to the places `destination`; the others keep their order."""
    def moveaxis(self, source: _int | _Sequence[_int], destination: _int | _Sequence[_int]) -> _Tensor:
        """Another name of `movedim`."""
    @property
    def T(self) -> _Tensor: ...
    @property
    def mT(self) -> _Tensor: ...
    @property
    def H(self) -> _Tensor: ...
    def repeat(self, *sizes: _int | _Sequence[_int], repeats: _Sequence[_int] | None = ...) -> _Tensor:
        """The tensor repeated along each dimension; more repeats than dimensions add dimensions in front."""
    def tile(self, *sizes: _int | _Sequence[_int], dims: _Sequence[_int] | None = ...) -> _Tensor:
        """The tensor repeated as `repeat` does; missing leading repeats count as 1."""
    def repeat_interleave(self, repeats: _Tensor | _int | _list[_int] | _tuple[_int, ...] | None = ..., dim: _int | None = ..., *, output_size: _int | None = ...) -> _Tensor:
        """Each element repeated in its place, along `dim` or flattened; `repeats` is a number or one for each element."""
    def flip(self, *sizes: _int | _Sequence[_int], dims: _Sequence[_int] | None = ...) -> _Tensor:
        """A copy with the elements along `dims` in reverse."""
    def __reversed__(self) -> _Tensor:
        """What Python's `reversed` gives: the rows in the opposite order, or a tensor without dimensions as it is."""
    def fliplr(self) -> _Tensor:
        """A copy with the second dimension in reverse. RuntimeError for a vector."""
    def flipud(self) -> _Tensor:
        """A copy with the first dimension in reverse. RuntimeError for a scalar."""
    def roll(self, shifts: _int | _Sequence[_int], dims: _int | _Sequence[_int] | None = ...) -> _Tensor:
        """A copy with the elements moved by `shifts` places along `dims` (flattened without), the last ones coming round."""
    def tril(self, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The lower triangle of a matrix or batch of matrices, the rest zero."""
    def tril_(self, diagonal: _int = ...) -> _Tensor:
        """`tril`, in place."""
    def triu(self, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The upper triangle of a matrix or batch of matrices, the rest zero."""
    def triu_(self, diagonal: _int = ...) -> _Tensor:
        """`triu`, in place."""
    def diff(self, n: _int = ..., dim: _int = ..., prepend: _Tensor | None = ..., append: _Tensor | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The differences of neighbours along `dim`, `n` times over, with what is put before and behind first; of bool, whether they differ."""
    def sum(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The sum of all elements, or along `dim` (an int or several)."""
    def mean(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The mean of all elements, or along `dim` (an int or several); RuntimeError for integers without `dtype`."""
    def prod(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The product of all elements, or along `dim`; integers multiply in int64."""
    def amax(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The largest element of all, or along `dim`; NaN where there is one."""
    def amin(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The smallest element of all, or along `dim`; NaN where there is one."""
    def any(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """Whether any element, of all or along `dim`, is not zero."""
    def all(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """Whether every element, of all or along `dim`, is not zero."""
    def var(self, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The variance of all elements, or along `dim`: squared distances from the mean over n - `correction` (default 1)."""
    def std(self, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The standard deviation of all elements, or along `dim`: the root of the variance."""
    def logsumexp(self, dim: _int | _Sequence[_int], keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """log(sum(exp(input))) along `dim`, without overflow."""
    def cumsum(self, dim: _int, *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The sum of all elements up to each, along `dim`; integers are summed in int64."""
    def cumsum_(self, dim: _int, *, dtype: _DType | None = ...) -> _Tensor:
        """`cumsum`, in place."""
    def cumprod(self, dim: _int, *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The product of all elements up to each, along `dim`; integers multiply in int64."""
    def cumprod_(self, dim: _int, *, dtype: _DType | None = ...) -> _Tensor:
        """`cumprod`, in place."""
    def cummax(self, dim: _int, *, out: _Any = ...) -> _ValuesAndIndices:
        """(values, indices) of the largest elements up to each along `dim`; of equal ones the last counts."""
    def cummin(self, dim: _int, *, out: _Any = ...) -> _ValuesAndIndices:
        """(values, indices) of the smallest elements up to each along `dim`; of equal ones the last counts."""
    def logcumsumexp(self, dim: _int, *, out: _Tensor | None = ...) -> _Tensor:
        """The logarithm of the sum of exponentials of all elements up to each, along `dim`, without overflow."""
    def split_with_sizes(self, split_sizes: _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
        """Views of consecutive pieces of the listed sizes along `dim`."""
    def chunk(self, chunks: _int, dim: _int = ...) -> _tuple[_Tensor, ...]:
        """Views of at most `chunks` pieces of equal size along `dim` (the last may be smaller)."""
    def unbind(self, dim: _int = ...) -> _tuple[_Tensor, ...]:
        """Views of every index along `dim`, which disappears."""
    def unfold(self, dimension: _int, size: _int, step: _int) -> _Tensor:
        """A view of all windows of `size` along a dimension, `step` apart; the window becomes the last dimension."""
    def flatten(self, start_dim: _int = ..., end_dim: _int = ...) -> _Tensor:
        """The dimensions from `start_dim` to `end_dim` as one."""
    def ravel(self) -> _Tensor:
        """All elements in one dimension, next to each other: a view where they are, else a copy."""
    def unflatten(self, dim: _int, sizes: _int | _Sequence[_int]) -> _Tensor:
        """One dimension as several, of the given sizes; one may be -1."""
    def broadcast_to(self, *sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ...) -> _Tensor:
        """A view expanded to `size`."""
    def view_as(self, other: _Tensor) -> _Tensor:
        """As `view`, with the shape of another tensor."""
    def reshape_as(self, other: _Tensor) -> _Tensor:
        """As `reshape`, with the shape of another tensor."""
    def expand_as(self, other: _Tensor) -> _Tensor:
        """As `expand`, with the shape of another tensor."""
    def split(self, split_size: _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
        """Views of consecutive pieces along `dim`: of a size (the last may be smaller), or of the listed sizes."""
    def tensor_split(self, indices_or_sections: _Tensor | _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
        """Views of pieces along `dim`: a number of nearly equal ones, or cut at the listed indices."""
    def squeeze_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `squeeze`."""
    def unsqueeze_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `unsqueeze`."""
    def transpose_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `transpose`."""
    def t_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `t`."""
    def as_strided_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `as_strided`."""
    def swapaxes_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `swapaxes`."""
    def swapdims_(self, *args: _Any, **named: _object) -> _Tensor:
        """The in-place form of `swapdims`."""
    def _conj(self) -> _Tensor:
        """A view of complex numbers that shows their conjugates."""
    def _neg_view(self) -> _Tensor:
        """A view that shows the negatives; the node's gradient is a copy."""
    def conj(self) -> _Tensor:
        """The conjugate, elementwise: a view of the same memory, which is marked; the tensor itself where it is real."""
    def _resolved_array(self) -> _Any:
        """The native array of a marked tensor's elements, for a kernel that reads it."""
    def resolve_conj(self) -> _Tensor:
        """The tensor itself, or a copy with its conjugates in memory where it is only marked as conjugated."""
    def resolve_neg(self) -> _Tensor:
        """The tensor itself, or a copy with its negatives in memory where it is only marked as negated."""
    def is_conj(self) -> _bool:
        """Whether the tensor shows its memory conjugated: what `conj()` of complex numbers returns, and views of that."""
    def is_neg(self) -> _bool:
        """Whether the tensor shows its memory negated: `.imag` of a conjugate, and views of that."""
    def view_as_real(self) -> _Tensor:
        """The same memory as real numbers: (*) gives (*, 2), real and imaginary parts."""
    def view_as_complex(self) -> _Tensor:
        """The same memory as complex numbers: (*, 2), real and imaginary parts, gives (*). RuntimeError where the parts do not lie together."""
    @property
    def real(self) -> _Tensor: ...
    @real.setter
    def real(self, value: _Tensor) -> None: ...
    @property
    def imag(self) -> _Tensor: ...
    @imag.setter
    def imag(self, value: _Tensor) -> None: ...
    def conj_physical(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The conjugate, elementwise, computed at once."""
    def conj_physical_(self) -> _Tensor:
        """`conj_physical`, in place."""
    def angle(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The angle in radians, elementwise; of real numbers 0, or pi for negative ones."""
    def sgn(self, *, out: _Tensor | None = ...) -> _Tensor:
        """z / abs(z), elementwise, and 0 for 0; the sign of real numbers."""
    def sgn_(self) -> _Tensor:
        """`sgn`, in place."""
    def isreal(self) -> _Tensor:
        """Whether the imaginary part is 0, elementwise."""
    def adjoint(self) -> _Tensor:
        """The conjugate of the transpose of matrices."""
    @property
    def mH(self) -> _Tensor: ...
    def index_select(self, dim: _int, index: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The places `index` (a vector of integers) along `dim`. IndexError out of bounds."""
    def gather(self, dim: _int, index: _Tensor, *, sparse_grad: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
        """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and so on; `index` is int64 and has as many dimensions."""
    def take_along_dim(self, indices: _Tensor, dim: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """`gather` with broadcasting; without `dim` both are flattened."""
    def take(self, index: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """Elements by their places in the flattened tensor; negative places count from the end."""
    def argmax(self, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """Where the largest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is largest."""
    def argmin(self, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """Where the smallest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is smallest."""
    def max(self, dim: _int | _Tensor | None = ..., keepdim: _bool = ..., *, other: _Tensor | None = ..., out: _Any = ...) -> _Any:
        """The largest element of all; with `dim` the largest along it and their indices; with a tensor, of pairs."""
    def min(self, dim: _int | _Tensor | None = ..., keepdim: _bool = ..., *, other: _Tensor | None = ..., out: _Any = ...) -> _Any:
        """The smallest element of all; with `dim` the smallest along it and their indices; with a tensor, of pairs."""
    def sort(self, dim: _int = ..., descending: _bool = ..., stable: _bool | None = ..., *, out: _Any = ...) -> _ValuesAndIndices:
        """The elements in order along `dim`, and where they came from; NaN counts as the largest. Always stable."""
    def argsort(self, dim: _int = ..., descending: _bool = ..., *, stable: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
        """The indices that put the elements in order along `dim`."""
    def topk(self, k: _int, dim: _int = ..., largest: _bool = ..., sorted: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
        """The `k` largest (or smallest) elements along `dim`, and where they are."""
    def aminmax(self, *, dim: _int | None = ..., keepdim: _bool = ..., out: _Any = ...) -> _MinAndMax:
        """The smallest and the largest element, of all or along `dim`."""
    def bincount(self, weights: _Tensor | None = ..., minlength: _int = ...) -> _Tensor:
        """How often each number from 0 occurs in a vector of integers, or the sum of its `weights`."""
    def count_nonzero(self, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
        """How many elements are not zero, of all or along `dim`."""
    def nansum(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The sum of the elements that are not NaN, of all or along `dim`."""
    def nanmean(self, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """The mean of the elements that are not NaN, of all or along `dim`."""
    def cov(self, *, correction: _int = ..., fweights: _Tensor | None = ..., aweights: _Tensor | None = ...) -> _Tensor:
        """The covariance matrix of the rows of `input` (variables), whose columns are observations; a vector's is its variance."""
    def corrcoef(self) -> _Tensor:
        """The correlations of the rows of `input` (variables), whose columns are observations, cut to -1 to 1."""
    def histc(self, bins: _int = ..., min: _float = ..., max: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """How many elements fall into each of `bins` equal parts of the range from `min` to `max`, or of the data where both are equal."""
    def histogram(self, bins: _Tensor | _int = ..., *, range: _tuple[_float, _float] | None = ..., weight: _Tensor | None = ..., density: _bool = ..., out: _Any = ...) -> _Histogram:
        """(hist, bin_edges): the sum of the weights (1 each by default) of the elements in each bin, the last one closed on both sides."""
    def unique(self, sorted: _bool = ..., return_inverse: _bool = ..., return_counts: _bool = ..., dim: _int | None = ...) -> _Any:
        """The distinct elements in order; with the flags also each element's place among them, and how many there are."""
    def unique_consecutive(self, return_inverse: _bool = ..., return_counts: _bool = ..., dim: _int | None = ...) -> _Any:
        """The elements without those that equal the one before; with `dim`, the slices along it without those."""
    def kthvalue(self, k: _int, dim: _int = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
        """(values, indices) of the kth smallest elements along `dim`, k counted from 1."""
    def median(self, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _Any:
        """The median of all elements, or (values, indices) along `dim`: of an even number the lower of the middle two."""
    def nanmedian(self, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _Any:
        """The median of all elements that are not NaN, or (values, indices) along `dim`; as `median`."""
    def mode(self, dim: _int = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
        """(values, indices) of the most frequent elements along `dim`, the smallest where several are, each with its last place."""
    def msort(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The elements in order along the first dimension."""
    def quantile(self, q: _Tensor | _float, dim: _int | None = ..., keepdim: _bool = ..., *, interpolation: _str = ..., out: _Tensor | None = ...) -> _Tensor:
        """The qth quantiles, q from 0 to 1 (a number or a vector, whose dimension comes first), of all elements or along `dim`."""
    def nanquantile(self, q: _Tensor | _float, dim: _int | None = ..., keepdim: _bool = ..., *, interpolation: _str = ..., out: _Tensor | None = ...) -> _Tensor:
        """As `quantile`, of the elements that are not NaN."""
    def hsplit(self, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
        """Views of pieces along the dimension that `hstack` joins: equal ones, or cut at the listed indices."""
    def vsplit(self, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
        """Views of pieces along the dimension that `vstack` joins: equal ones, or cut at the listed indices."""
    def dsplit(self, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
        """Views of pieces along the dimension that `dstack` joins: equal ones, or cut at the listed indices."""
    def rot90(self, k: _int = ..., dims: _Sequence[_int] = ...) -> _Tensor:
        """A copy turned by 90 degrees `k` times in the plane of two dimensions, from the first to the second."""
    def masked_fill(self, mask: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`input` with `value` where the bool `mask`, broadcast, is True."""
    def masked_fill_(self, mask: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`masked_fill`, in place."""
    def clamp(self, min: _Tensor | _int | _float | _bool | _complex | None = ..., max: _Tensor | _int | _float | _bool | _complex | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with everything below `min` raised to it and everything above `max` lowered to it; NaN stays."""
    def clip(self, min: _Tensor | _int | _float | _bool | _complex | None = ..., max: _Tensor | _int | _float | _bool | _complex | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with everything below `min` raised to it and everything above `max` lowered to it; NaN stays."""
    def clamp_(self, min: _Tensor | _int | _float | _bool | _complex | None = ..., max: _Tensor | _int | _float | _bool | _complex | None = ...) -> _Tensor:
        """`clamp`, in place."""
    def clip_(self, *args: _Any, **kwargs: _Any) -> _Tensor:
        """The in-place form of `clamp`: writes its result into this tensor and returns it."""
    def clamp_min(self, min: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with everything below `min` raised to it."""
    def clamp_min_(self, min: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`clamp_min`, in place."""
    def clamp_max(self, max: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with everything above `max` lowered to it."""
    def clamp_max_(self, max: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`clamp_max`, in place."""
    def fmax(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The larger of two, elementwise; where one is NaN, the other."""
    def fmin(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The smaller of two, elementwise; where one is NaN, the other."""
    def heaviside(self, values: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """0 where `input` is negative, 1 where positive, and `values` where it is 0, elementwise; both of one dtype."""
    def heaviside_(self, values: _Any) -> _Tensor:
        """The in-place form of `heaviside`: writes its result into this tensor and returns it."""
    def lerp(self, end: _Tensor, weight: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
        """`input + weight * (end - input)`, elementwise."""
    def lerp_(self, end: _Tensor, weight: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`lerp`, in place."""
    def addcmul(self, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input + value * tensor1 * tensor2`, elementwise."""
    def addcmul_(self, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addcmul`, in place."""
    def addcdiv(self, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input + value * tensor1 / tensor2`, elementwise. RuntimeError for integers."""
    def addcdiv_(self, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addcdiv`, in place."""
    def nan_to_num(self, nan: _float | None = ..., posinf: _float | None = ..., neginf: _float | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with NaN, inf and -inf replaced, by 0 and the largest and smallest finite numbers unless given."""
    def nan_to_num_(self, nan: _float | None = ..., posinf: _float | None = ..., neginf: _float | None = ...) -> _Tensor:
        """`nan_to_num`, in place."""
    def index_put(self, indices: _tuple[_Tensor | None, ...], values: _Tensor, accumulate: _bool = ...) -> _Tensor:
        """A copy of `input` with `values`, broadcast, put at the places that the index tensors choose."""
    def index_put_(self, indices: _Sequence[_Tensor | None], values: _Tensor, accumulate: _bool = ...) -> _Tensor:
        """The in-place form of `index_put`."""
    def nonzero(self, *, as_tuple: _bool = ..., out: _Any = ...) -> _Any:
        """The coordinates of the elements that are not zero: a row for each, or, `as_tuple`, a vector for each dimension."""
    def argwhere(self) -> _Tensor:
        """The coordinates of the elements that are not zero, a row for each."""
    def masked_select(self, mask: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The elements, in order, where the bool `mask`, broadcast, is True."""
    def diag(self, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """A square matrix with a vector on one of its diagonals, or a matrix's diagonal as a vector."""
    def diag_embed(self, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
        """Matrices with the last dimension of `input` on a diagonal; `offset` above 0 is above the main one."""
    def diagflat(self, offset: _int = ...) -> _Tensor:
        """A square matrix with all elements of `input` on a diagonal."""
    def select_scatter(self, src: _Tensor, dim: _int, index: _int) -> _Tensor:
        """A copy of `input` with `src` at one index of a dimension."""
    def diagonal_scatter(self, src: _Tensor, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
        """A copy of `input` with `src` on a diagonal."""
    def slice_scatter(self, src: _Tensor, dim: _int = ..., start: _int | None = ..., end: _int | None = ..., step: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """A copy of `input` with `src` in the slice start:end:step of a dimension."""
    def as_strided_scatter(self, src: _Tensor, size: _Sequence[_int], stride: _Sequence[_int], storage_offset: _int | None = ...) -> _Tensor:
        """A copy of `input` with `src` where a view of these sizes, strides and offset lies."""
    def fill_diagonal_(self, fill_value: _Tensor | _int | _float | _bool | _complex, wrap: _bool = ...) -> _Tensor:
        """Fill the main diagonal in place: of a matrix, or of a tensor whose sizes are all the same. `wrap`: a tall matrix's diagonal"""
    def narrow_copy(self, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
        """A copy of what `narrow` shows."""
    def unsafe_chunk(self, chunks: _int, dim: _int = ...) -> _tuple[_Tensor, ...]:
        """As `chunk`, with pieces that may be changed in place as if each had memory of its own."""
    def unsafe_split(self, split_size_or_sections: _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
        """As `split`, with pieces that may be changed in place as if each had memory of its own."""
    def unsafe_split_with_sizes(self, split_sizes: _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
        """As `split_with_sizes`, with pieces that may be changed in place as if each had memory of its own."""
    def is_nonzero(self) -> _bool:
        """Whether the only element of a tensor is not zero; RuntimeError for more or fewer elements."""
    def nonzero_static(self, *, size: _int, fill_value: _int = ..., out: _Tensor | None = ...) -> _Tensor:
        """The places of the first `size` elements that are not zero, (size, dimensions), with rows of `fill_value` for what is missing."""
    def sum_to_size(self, *size: _int | _Sequence[_int]) -> _Tensor:
        """The sum over the dimensions in which this tensor is larger than a shape that broadcasts to its own."""
    def resize_as_(self, the_template: _Tensor, *, memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """Resize in place to another tensor's shape, as `resize_`."""
    def apply_(self, callable: _Callable[..., _int | _float | _bool | _complex]) -> _Tensor:
        """Replace each element by a Python function of it; on the CPU only."""
    def map_(self, tensor: _Tensor, callable: _Callable[..., _int | _float | _bool | _complex]) -> _Tensor:
        """Replace each element by a Python function of it and that of another tensor; on the CPU only."""
    def map2_(self, tensor1: _Tensor, tensor2: _Tensor, callable: _Callable[..., _int | _float | _bool | _complex]) -> _Tensor:
        """Replace each element by a Python function of it and those of two other tensors; on the CPU only."""
    def dim_order(self, *, ambiguity_check: _bool | _Sequence[_MemoryFormat] = ...) -> _tuple[_int, ...]:
        """The dimensions from the outermost in memory to the innermost."""
    @property
    def is_xla(self) -> _bool: ...
    @property
    def is_xpu(self) -> _bool: ...
    @property
    def is_mps(self) -> _bool: ...
    @property
    def is_mtia(self) -> _bool: ...
    @property
    def is_maia(self) -> _bool: ...
    @property
    def is_ipu(self) -> _bool: ...
    @property
    def is_vulkan(self) -> _bool: ...
    @property
    def is_mkldnn(self) -> _bool: ...
    @property
    def is_nested(self) -> _bool: ...
    @property
    def is_sparse_csr(self) -> _bool: ...
    def index_copy(self, dim: _int, index: _Tensor, source: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with each slice of `source` at its index along `dim`. Which one stays where indices are equal is not said."""
    def index_copy_(self, dim: _int, index: _Tensor, source: _Tensor) -> _Tensor:
        """`index_copy`, in place."""
    def index_fill(self, dim: _int, index: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`input` with a number, or a 0-d tensor, at every index along `dim`."""
    def index_fill_(self, dim: _int, index: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
        """`index_fill`, in place."""
    def put(self, index: _Tensor, source: _Tensor, accumulate: _bool = ...) -> _Tensor:
        """`input` with elements of `source` at flat places, set or, with `accumulate`, added."""
    def put_(self, index: _Tensor, source: _Tensor, accumulate: _bool = ...) -> _Tensor:
        """`put`, in place."""
    def masked_scatter(self, mask: _Tensor, source: _Tensor) -> _Tensor:
        """`input` with the first elements of `source`, in their order, where the bool `mask`, broadcast, is True."""
    def masked_scatter_(self, mask: _Tensor, source: _Tensor) -> _Tensor:
        """`masked_scatter`, in place."""
    def index_add(self, dim: _int, index: _Tensor, source: _Tensor, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input` with each slice of `source` added at its index along `dim`; equal indices add up."""
    def index_add_(self, dim: _int, index: _Tensor, source: _Tensor, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`index_add`, in place."""
    def scatter_add(self, dim: _int, index: _Tensor, src: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with every element of `src` added where `index` says along `dim`; equal places add up."""
    def scatter_add_(self, dim: _int, index: _Tensor, src: _Tensor) -> _Tensor:
        """`scatter_add`, in place."""
    def scatter(self, dim: _int, index: _Tensor, src: _Tensor | _int | _float | _bool | _complex | None = ..., *, value: _Tensor | _int | _float | _bool | _complex | None = ..., reduce: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input` with the elements of `src`, or a number, put where `index` says along `dim`."""
    def scatter_(self, dim: _int, index: _Tensor, src: _Tensor | _int | _float | _bool | _complex | None = ..., *, value: _Tensor | _int | _float | _bool | _complex | None = ..., reduce: _str | None = ...) -> _Tensor:
        """`scatter`, in place."""
    def scatter_reduce(self, dim: _int, index: _Tensor, src: _Tensor, reduce: _str, *, include_self: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input` with the elements of `src` joined where `index` says along `dim`, by `reduce`: "sum", "mean", "prod", "amax" or"""
    def scatter_reduce_(self, dim: _int, index: _Tensor, src: _Tensor, reduce: _str, *, include_self: _bool = ...) -> _Tensor:
        """`scatter_reduce`, in place."""
    def index_reduce(self, dim: _int, index: _Tensor, source: _Tensor, reduce: _str, *, include_self: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
        """`input` with each slice of `source` joined at its index along `dim`, by `reduce`: "prod", "mean", "amax" or "amin"."""
    def index_reduce_(self, dim: _int, index: _Tensor, source: _Tensor, reduce: _str, *, include_self: _bool = ...) -> _Tensor:
        """`index_reduce`, in place."""
    def __getitem__(self, index: _object) -> _Tensor:
        """`self[index]`."""
    def __setitem__(self, index: _object, value: _object) -> None:
        """`self[index] = value`, with broadcasting and casting."""
    def __delitem__(self, index: _object) -> None:
        """TypeError: a tensor keeps its elements."""
    def dist(self, other: _Tensor, p: _float = ...) -> _Tensor:
        """The p-norm of `input - other`, broadcast."""
    def addmv(self, mat: _Tensor, vec: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`beta * input + alpha * (mat @ vec)`; with beta 0 `input` is ignored."""
    def addmv_(self, mat: _Tensor, vec: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addmv`, in place."""
    def addr(self, vec1: _Tensor, vec2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`beta * input + alpha * outer(vec1, vec2)`; with beta 0 `input` is ignored."""
    def addr_(self, vec1: _Tensor, vec2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addr`, in place."""
    def addbmm(self, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
        """`beta * input + alpha *` the sum over the batch of `batch1 @ batch2`."""
    def addbmm_(self, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`addbmm`, in place."""
    def inner(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The sums of products over the last dimensions of both; with a 0-d operand the product."""
    def vdot(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The inner product of two vectors, of the first's conjugate where numbers are complex."""
    def kron(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The Kronecker product: each element of `input` times all of `other`, dimension by dimension."""
    def trace(self) -> _Tensor:
        """The sum of a matrix's diagonal."""
    def cross(self, other: _Tensor, dim: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """As `linalg.cross`; without `dim` along the first dimension of size 3."""
    def matrix_power(self, n: _int, *, out: _Tensor | None = ...) -> _Tensor:
        """Square matrices (..., m, m) multiplied `n` times; the identity for 0, powers of the inverse for negative ones."""
    def renorm(self, p: _float, dim: _int, maxnorm: _float, *, out: _Tensor | None = ...) -> _Tensor:
        """`input` with every slice along `dim` whose p-norm is above `maxnorm` scaled down to it."""
    def renorm_(self, p: _float, dim: _int, maxnorm: _float) -> _Tensor:
        """`renorm`, in place."""
    def cholesky(self, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """`linalg.cholesky` by its older name."""
    def lu(self, pivot: _bool = ..., get_infos: _bool | _int = ..., *, out: _Any = ...) -> _tuple[_Tensor, ...]:
        """`linalg.lu_factor` by its older name; with `get_infos` the infos too."""
    def qr(self, some: _bool = ..., *, out: _Any = ...) -> _OldQR:
        """`linalg.qr` by its older name; `some` is mode "reduced"."""
    def geqrf(self, *, out: _Any = ...) -> _Geqrf:
        """(a, tau): LAPACK's form of a QR decomposition, for `householder_product`."""
    def svd(self, some: _bool = ..., compute_uv: _bool = ..., *, out: _Any = ...) -> _OldSVD:
        """(U, S, V): `linalg.svd` by its older name, V not turned round; zeros for U and V unless `compute_uv`."""
    def orgqr(self, tau: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """The first n columns of the product of reflectors I - tau v v.mH, whose v are the columns of input below its diagonal: (*, m, n)."""
    def ormqr(self, input2: _Tensor, input3: _Tensor, left: _bool = ..., transpose: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """Q @ input3, or input3 @ Q unless `left`, where Q is the square product of all the reflectors I - tau v v.mH that `geqrf` gave as"""
    def uniform_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with uniform numbers from `from` to `to`."""
    def normal_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with normal numbers."""
    def random_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with uniform integers: of the dtype's whole range from 0, up to `to`, or from `from` up to `to`."""
    def bernoulli_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with ones with probability `p`, a number or a tensor, else zeros."""
    def exponential_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with exponentially distributed numbers of rate `lambd`."""
    def geometric_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with the number of tries, from 1, until the first success of probability `p`."""
    def log_normal_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with numbers whose logarithms are normal with `mean` and `std`."""
    def cauchy_(self, *args: _Any, generator: _Generator | None = ..., **names: _object) -> _Tensor:
        """Fill with Cauchy numbers around `median`, of width `sigma`."""
    def bernoulli(self, p: _Tensor | _float | None = ..., *, generator: _Generator | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """Ones with the probability that each element of `input` says (or `p` for all), else zeros."""
    def norm(self, p: _float | _str | None = ..., dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The p-norm of all elements, or along `dim`; "fro" is 2, and inf, -inf, 0 and other numbers are accepted."""
    def pinverse(self, rcond: _float = ...) -> _Tensor:
        """`linalg.pinv` by its older name."""
    def matrix_exp(self) -> _Tensor:
        """The exponential of a square matrix: the sum of its powers over their factorials."""
    def triangular_solve(self, A: _Tensor, upper: _bool = ..., transpose: _bool = ..., unitriangular: _bool = ..., *, out: _Any = ...) -> _TriangularSolve:
        """(solution, a copy of A) of A @ X = input, or with `transpose` of A.mT @ X = input; the older form of `linalg.solve_triangular`."""
    def inverse(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse of a square matrix. LinAlgError if it is singular."""
    def lu_solve(self, LU_data: _Tensor, LU_pivots: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """`linalg.lu_solve` by its older name, the right-hand side first."""
    def cholesky_solve(self, L: _Tensor, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """X of A @ X = input, where L is the Cholesky factor of A."""
    def cholesky_inverse(self, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """The inverse of the matrix whose Cholesky factor this is."""
    def det(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The determinant of a square matrix."""
    def slogdet(self, *, out: _Any = ...) -> _OldSlogdet:
        """`linalg.slogdet` by its older name."""
    def logdet(self) -> _Tensor:
        """The logarithm of the determinant: NaN where it is negative, -inf where it is 0."""
    def relu(self, *, out: _Tensor | None = ...) -> _Tensor:
        """max(x, 0)."""
    def relu_(self) -> _Tensor:
        """The in-place form of `relu`."""
    def hardshrink(self, lambd: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
        """x, or 0 where |x| is at most lambd."""
    def prelu(self, weight: _Tensor) -> _Tensor:
        """x above 0 and weight * x below; one weight, or one for each channel (dimension 1)."""
    def softmax(self, dim: _int, dtype: _DType | None = ...) -> _Tensor:
        """exp(x) over its sum along `dim`, shifted by the largest so that nothing overflows."""
    def log_softmax(self, dim: _int, dtype: _DType | None = ...) -> _Tensor:
        """x - log(sum(exp(x))) along `dim`, shifted by the largest."""
    def multinomial(self, num_samples: _int, replacement: _bool = ..., *, generator: _Generator | None = ..., out: _Tensor | None = ...) -> _Tensor:
        """Indices drawn with probabilities in proportion to `input`, a vector or a matrix whose rows are drawn from apart."""
    def igamma(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """P(input, other), the regularized lower incomplete gamma function, elementwise: 1/gamma(a) times the integral from 0 to x of t^(a-1) e^-t."""
    def igamma_(self, other: _Any) -> _Tensor:
        """The in-place form of `igamma`: writes its result into this tensor and returns it."""
    def igammac(self, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
        """Q(input, other) = 1 - P(input, other), the regularized upper incomplete gamma function, elementwise."""
    def igammac_(self, other: _Any) -> _Tensor:
        """The in-place form of `igammac`: writes its result into this tensor and returns it."""
    def stft(self, n_fft: _int, hop_length: _int | None = ..., win_length: _int | None = ..., window: _Tensor | None = ..., center: _bool | _int = ..., pad_mode: _str = ..., normalized: _bool = ..., onesided: _bool | None = ..., return_complex: _bool | None = ..., align_to_window: _bool | None = ...) -> _Tensor:
        """The spectra of frames of `n_fft` samples that begin `hop_length` (default n_fft // 4) samples apart: (..., frequencies, frames)."""
    def istft(self, n_fft: _int, hop_length: _int | None = ..., win_length: _int | None = ..., window: _Tensor | None = ..., center: _bool = ..., normalized: _bool = ..., onesided: _bool | None = ..., length: _int | None = ..., return_complex: _bool = ...) -> _Tensor:
        """The signal whose spectra `stft` with the same arguments gives, by least squares where frames overlap: (samples,) or (batch, samples)."""
    def is_shared(self) -> _bool:
        """Whether other processes can have the memory: after `share_memory_`, or where it came from another process. False off the cpu."""
    def share_memory_(self) -> _Tensor:
        """Move the memory, with all tensors over it, to where other processes can have it; returns the tensor itself."""
    def storage_type(self) -> _Tensor:
        """The class of storages of this tensor's dtype, as `torch.FloatStorage`."""
    def new_empty_strided(self, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
        """As `corelib.empty_strided`, with this tensor's dtype and device unless given."""
    def __repr__(self, *, tensor_contents: _str | None = ...) -> _str:
        """The text of a tensor, what `repr` gives; `tensor_contents` stands in for the elements."""
    def _repr_html_(self) -> _str | None:
        """HTML of a tensor for a notebook; None, so that the notebook shows the text, where its class has a text"""
    def resize_(self, *sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ..., memory_format: _MemoryFormat | None = ...) -> _Tensor:
        """Change the shape in place, with more memory where it needs some; new elements are not set."""
    def set_(self, source: _Tensor | _Storage | _TypedStorage | None = ..., storage_offset: _int = ..., size: _Sequence[_int] | None = ..., stride: _Sequence[_int] | None = ...) -> _Tensor:
        """Make this tensor one over another's memory, in place."""
    def is_set_to(self, tensor: _Tensor) -> _bool:
        """Whether both are the same view of the same memory."""
    def as_subclass(self, cls: _type[_Any]) -> _Any:
        """A tensor of a subclass over the same memory, at the same place in the graph. TypeError for what is no subclass of Tensor."""
    def const_data_ptr(self) -> _int:
        """The address of the first element, for who only reads: `data_ptr()`."""
    def module_load(self, other: _Tensor, assign: _bool = ...) -> _Tensor:
        """What `load_state_dict` puts in the place of this tensor: with `assign` the other, else this one with the other's elements written into it."""
    def is_distributed(self) -> _bool:
        """False: an old question of PyTorch's, which it answers so too."""
    def resize(self, *sizes: _int | _Sequence[_int]) -> _Tensor:
        """A tensor over the same memory with other sizes. Deprecated, as in PyTorch: `reshape` is what is meant, or `resize_`."""
    def resize_as(self, the_template: _Tensor) -> _Tensor:
        """A tensor over the same memory with another's sizes. Deprecated, as in PyTorch."""
    @property
    def volatile(self) -> _bool: ...
    def ipu(self, device: _Device | _str | _int | None = ..., non_blocking: _bool = ...) -> _Tensor:
        """This tensor on an ipu device; RuntimeError where no plugin provides one."""
    def mtia(self, device: _Device | _str | _int | None = ..., non_blocking: _bool = ...) -> _Tensor:
        """This tensor on an mtia device; RuntimeError where no plugin provides one."""
    def xpu(self, device: _Device | _str | _int | None = ..., non_blocking: _bool = ...) -> _Tensor:
        """This tensor on an xpu device; RuntimeError where no plugin provides one."""
    def __add__(self, other: _Any) -> _Tensor: ...
    def __iadd__(self, other: _Any) -> _Any: ...
    def __sub__(self, other: _Any) -> _Tensor: ...
    def __isub__(self, other: _Any) -> _Any: ...
    def __mul__(self, other: _Any) -> _Tensor: ...
    def __imul__(self, other: _Any) -> _Any: ...
    def __truediv__(self, other: _Any) -> _Tensor: ...
    def __itruediv__(self, other: _Any) -> _Any: ...
    def __floordiv__(self, other: _Any) -> _Tensor: ...
    def __ifloordiv__(self, other: _Any) -> _Any: ...
    def __mod__(self, other: _Any) -> _Tensor: ...
    def __imod__(self, other: _Any) -> _Any: ...
    def __pow__(self, other: _Any) -> _Tensor: ...
    def __ipow__(self, other: _Any) -> _Any: ...
    def __and__(self, other: _Any) -> _Tensor: ...
    def __iand__(self, other: _Any) -> _Any: ...
    def __or__(self, other: _Any) -> _Tensor: ...
    def __ior__(self, other: _Any) -> _Any: ...
    def __xor__(self, other: _Any) -> _Tensor: ...
    def __ixor__(self, other: _Any) -> _Any: ...
    def __lshift__(self, other: _Any) -> _Tensor: ...
    def __ilshift__(self, other: _Any) -> _Any: ...
    def __rshift__(self, other: _Any) -> _Tensor: ...
    def __irshift__(self, other: _Any) -> _Any: ...
    def __radd__(self, other: _Any) -> _Tensor: ...
    def __rmul__(self, other: _Any) -> _Tensor: ...
    def __rand__(self, other: _Any) -> _Tensor: ...
    def __ror__(self, other: _Any) -> _Tensor: ...
    def __rxor__(self, other: _Any) -> _Tensor: ...
    def __rsub__(self, other: _object) -> _Tensor: ...
    def __rtruediv__(self, other: _object) -> _Tensor: ...
    def __rdiv__(self, other: _object) -> _Tensor: ...
    def __rfloordiv__(self, other: _object) -> _Tensor: ...
    def __rmod__(self, other: _object) -> _Tensor: ...
    def __rpow__(self, other: _object) -> _Tensor: ...
    def __rlshift__(self, other: _object) -> _Tensor: ...
    def __rrshift__(self, other: _object) -> _Tensor: ...
    def __matmul__(self, other: _object) -> _Tensor: ...
    def __rmatmul__(self, other: _object) -> _Tensor: ...
    def __lt__(self, other: _Any) -> _Tensor: ...
    def __le__(self, other: _Any) -> _Tensor: ...
    def __gt__(self, other: _Any) -> _Tensor: ...
    def __ge__(self, other: _Any) -> _Tensor: ...
    def __eq__(self, other: _Any) -> _Tensor: ...  # type: ignore[override]
    def __ne__(self, other: _Any) -> _Tensor: ...  # type: ignore[override]
    def __neg__(self, *, out: _Tensor | None = ...) -> _Tensor:
        """`-input`, elementwise; RuntimeError for bool."""
    def __pos__(self) -> _Tensor: ...
    def __abs__(self, *, out: _Tensor | None = ...) -> _Tensor:
        """The absolute value, elementwise."""
    def __invert__(self) -> _Tensor: ...
    def __array_wrap__(self, array: _Any, context: _object = ..., return_scalar: _bool = ...) -> _Tensor:
        """What NumPy's functions of tensors give: tensors again, of uint8 for bool, as in PyTorch."""
    def rsub(self, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
        """`other - alpha * self`, elementwise with broadcasting and promotion."""
    @property
    def requires_grad(self) -> _bool: ...
    @requires_grad.setter
    def requires_grad(self, value: _bool) -> None: ...
    def requires_grad_(self, requires_grad: _bool = ...) -> _Tensor:
        """Set `requires_grad` in place; RuntimeError for dtypes without gradients."""
    @property
    def is_leaf(self) -> _bool: ...
    @property
    def grad_fn(self) -> _Node | None: ...
    @property
    def grad(self) -> _Tensor | None: ...
    @grad.setter
    def grad(self, value: _Tensor | None) -> None: ...
    @grad.deleter
    def grad(self) -> None: ...
    @property
    def output_nr(self) -> _int: ...
    @property
    def retains_grad(self) -> _bool: ...
    def backward(self, gradient: _Tensor | None = ..., retain_graph: _bool | None = ..., create_graph: _bool = ..., inputs: _Tensor | _Sequence[_Tensor] | None = ...) -> None:
        """Accumulate the gradient of this tensor into the leaves it was computed from. See `corelib.autograd.backward`."""
    def register_hook(self, hook: _Callable[[_Tensor], _Any]) -> _RemovableHandle:
        """Call `hook(grad)` when the gradient of this tensor has been computed; what it returns replaces it."""
    def register_post_accumulate_grad_hook(self, hook: _Callable[[_Tensor], None]) -> _RemovableHandle:
        """Call `hook(param)` after a gradient has been accumulated into this leaf's `.grad`."""
    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` after backward."""
