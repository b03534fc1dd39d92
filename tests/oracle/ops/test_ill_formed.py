"""Ill-formed arguments: wrong types, sizes that cannot be, values out of range. The same error, or the same result, as PyTorch."""

from __future__ import annotations

import pytest

from ..told import same

PIECES = [
    "F.pad(v,(True,1))", "F.pad(v,(1.0,1))", "F.pad(v,1)", "F.pad(v,None)", "F.pad(v,(1,))", "F.conv1d(T.ones(1,1,4),T.ones(1,1,2),stride=1.0)", "F.conv1d(T.ones(1,1,4),T.ones(1,1,2),stride=None)", "F.conv1d(T.ones(1,1,4),T.ones(1,1,2),stride=True)",
    "F.conv1d(T.ones(1,1,4),T.ones(1,1,2),padding=1.5)", "F.conv1d(T.ones(1,1,4),T.ones(1,1,2),groups=1.0)", "F.conv2d(image,T.ones(1,4,2,2),dilation='1')", "F.max_pool2d(image,2.0)", "F.max_pool2d(image,'2')", "F.max_pool2d(image,(2,2.0))",
    "F.max_pool2d(image,None)", "F.avg_pool2d(image,2.5)", "F.avg_pool2d(image,2,divisor_override=1.5)", "F.adaptive_avg_pool2d(image,2.0)", "F.adaptive_avg_pool2d(image,'2')", "F.unfold(image,2.0)", "F.fold(T.ones(1,4,9),4.0,2)",
    "F.pixel_shuffle(image,2.0)", "F.pixel_shuffle(image,'2')", "F.one_hot(i,'3')", "F.one_hot(i,True)", "F.glu(v.repeat(2),0.0)", "F.softmax(x,0.0)", "F.softmax(x,True)", "F.cross_entropy(sq,T.tensor([0,1,2]),ignore_index=1.5)",
    "F.cross_entropy(sq,T.tensor([0,1,2]),reduction=3)", "F.cross_entropy(sq,T.tensor([0,1,2]),reduction='avg')", "F.layer_norm(v,3)", "F.layer_norm(v,(3.0,))", "F.layer_norm(v,'3')", "F.group_norm(T.ones(1,4),2.0)", "F.group_norm(T.ones(1,4),'2')",
    "F.group_norm(T.ones(1,4),-1)", "F.embedding(i,sq,padding_idx=1.0)", "F.interpolate(image,size=2.5)", "F.interpolate(image,size='2')", "F.interpolate(image,size=(2,2.5))", "x.view(1.0,2)",
    "x.view('a','b')", "x.view(None)", "x.view(2,True)", "x.reshape(2.0)", "x.reshape(None)", "x.expand(2.0,2)", "x.expand('2',2)", "x.repeat(2.0)", "x.repeat('2')", "x.repeat(None)", "x.tile(2.0)", "x.permute(0.0)", "x.permute('0')",
    "x.permute(True)", "m.transpose(0.0,1)", "m.transpose('0',1)", "m.transpose(None,1)", "m.transpose(True,False)", "m.swapaxes(0,1.0)", "x.unsqueeze(0.0)", "x.unsqueeze('0')", "x.unsqueeze(None)", "x.squeeze(0.0)", "x.squeeze('0')",
    "x.flatten(0.0)", "x.flatten('a')", "x.unflatten(0,2.0)", "x.unflatten(0,(1.0,2))", "x.narrow(0,0.0,1)", "x.narrow(0,0,'1')", "x.narrow(True,0,1)", "x.select(0,0.0)", "x.select(0,None)", "x.index_select(0.0,i)", "x.index_select(0,[0])",
    "x.split(1.0)", "x.split('1')", "x.split([1.0,1])", "x.split(None)", "x.chunk(1.0)", "x.chunk(0)", "x.chunk(-1)", "x.unfold(0,1.0,1)", "x.unfold(0,'1',1)", "x.unfold(0,5,1)", "x.unfold(0,1,0)", "x.unfold(0,-1,1)", "x.roll(1.0)", "x.roll('1')",
    "x.roll((1,2),0)", "x.flip(0.0)", "x.flip('0')", "x.flip(None)", "x.rot90(1.0) if 0 else m.rot90(1.5)", "m.rot90(1,(0,0))", "m.rot90(1,(0,1,2))", "m.diagonal(0.0)", "m.diagonal(0,0,0)", "m.tril(None)", "m.triu('1')", "m.cumsum(0.0)",
    "m.cumsum(None)", "m.cumsum(5)", "m.sum('0')", "m.sum(0.0)", "m.sum((0,0))", "m.sum((0,'1'))", "m.sum(5)", "m.mean(dtype=T.int64)", "m.int().mean()", "m.argmax('0')", "m.topk(1.0)", "m.topk('1')", "m.topk(10)", "m.topk(-1)", "m.kthvalue(0)",
    "m.kthvalue(1.0)", "m.kthvalue(10)", "m.sort('0')", "m.gather(0.0,T.zeros(1,1,dtype=T.int64))", "m.gather(0,T.zeros(1,1))", "m.gather(0,T.zeros(1,dtype=T.int64))", "m.scatter(0,T.zeros(1,1),1.)",
    "m.scatter(0,T.zeros(1,1,dtype=T.int64),T.ones(1,1,dtype=T.int64))", "m.scatter(0,T.tensor([[5]]),1.)", "T.zeros('2')", "T.zeros(2.5)", "T.zeros(None)", "T.zeros((2,None))", "T.zeros(True)", "T.zeros(2,'3')", "T.zeros(2**63)",
    "T.zeros(2**40,2**40)", "T.zeros(-1)", "T.zeros(2**62,device='meta').shape", "T.zeros(2**62,4,device='meta')", "T.zeros(2**63,device='meta')", "T.ones(2**100)", "T.full((2**62,),1.)", "T.full((-1,),1.)", "T.empty(2**61,dtype=T.float64)",
    "T.rand(2**60)", "T.randn(2**60)", "T.randint(3,(2**60,))", "T.randperm(2**60)", "T.randperm(1.5)", "T.randperm('3')", "T.eye(2**40)", "T.eye(-1)", "T.eye(2,-1)", "T.eye('2')", "T.arange(2**62)", "T.arange(1e300)", "T.arange(0,1,1e-320)",
    "T.arange(0,1,0)", "T.arange(float('nan'))", "T.arange(0,float('inf'))", "T.arange('3')", "T.arange(None)", "T.arange(3,1)", "T.linspace(0,1,2**60)", "T.linspace(0,1,1.5)", "T.linspace(0,1,'3')", "T.linspace(0,1,-1)", "T.linspace('0',1,3)",
    "T.logspace(0,1,-1)", "T.logspace(0,1,2**60)", "x.expand(2**62,2).shape", "x.expand(2**62,4,2)", "x.expand(2**63,2)", "x.repeat(2**60)", "x.repeat(2**62,4)", "x.repeat(-1)", "x.new_zeros(2**62)", "x.new_full((2**62,),1)", "x.new_empty(-1)",
    "T.as_strided(x,(-1,),(1,))", "T.as_strided(x,(5,),(1,))", "T.as_strided(x,(2,),(-1,))", "T.as_strided(x,(2,),(1,),-1)", "T.as_strided(x,(2,),(2**62,))", "T.as_strided(x,(2**62,),(1,))", "T.as_strided(x,(1,2),(1,))",
    "T.as_strided(x,(0,),(1,),100).shape", "x.resize_(2**62)", "x.resize_(-1)", "x.resize_(2**63)", "T.empty_strided((2,),(-1,))", "T.empty_strided((2**62,),(4,))", "T.empty_strided((2,2),(1,))", "T.device('cpu',2**100)", "T.device('cpu',-2)",
    "T.device('cpu',1.5)", "T.device('cpu','0')", "T.device('cpu:1').index", "T.device('')", "T.device(None)", "T.device('cpu:')", "T.device('cpu:01')", "T.device('cpu:-1')", "T.Generator().manual_seed(2**64)", "T.Generator().manual_seed(1.5)",
    "T.Generator('cpu:1') if 0 else 0", "T.rand(2,generator=3)", "T.rand(2,dtype=T.int64)", "T.randint(0)", "T.randint(0,(2,))", "T.randint(5,3,(2,))", "T.randint(2**63,(2,))", "T.randint(3,2)", "T.randint(3,(2,),dtype=T.bool)",
    "T.randint(300,(2,),dtype=T.int8)", "T.randint(1.5,(2,))", "T.normal(0.,-1.,(2,))", "T.normal(x,-1.)", "T.normal('0',1.,(2,))", "x.normal_(0,-1)", "x.uniform_(1,0)", "x.exponential_(0)", "x.geometric_(1.5)", "x.bernoulli_(1.5)", "x.random_(3,1)",
    "x.random_(0,2**64)", "x.log_normal_(0,-1)", "x.cauchy_(0,0)", "T.bernoulli(T.tensor([2.]))", "T.multinomial(T.tensor([-1.,2]),1)", "T.multinomial(T.tensor([0.,0]),1)", "T.multinomial(x,3)", "T.multinomial(x,0)", "T.multinomial(x,-1)",
    "T.poisson(T.tensor([-1.]))", "nn.Linear(2.5,2)", "nn.Linear(-1,2)", "nn.Linear('2',2)", "nn.Conv2d(3,4,0)", "nn.Conv2d(3,4,2,groups=2)", "nn.Conv2d(3,4,2,padding='x')", "nn.Conv2d(3,4,2,stride=2,padding='same')",
    "nn.Conv2d(3,4,2,padding_mode='x')", "nn.Conv2d(0,4,2)", "nn.BatchNorm1d(-1)", "nn.GroupNorm(2,3)", "nn.Dropout(2.)", "nn.Dropout(-1)", "nn.Dropout('a')", "nn.Embedding(3,2,padding_idx=5)", "nn.Embedding(-1,2)",
    "nn.Embedding(3,2,_weight=T.ones(2,2))", "nn.LSTM(2,3,dropout=2)", "nn.LSTM(2,0)", "nn.LSTM(2,3,num_layers=0)", "nn.LSTM(2,3,proj_size=5)", "nn.GRU(2,3,proj_size=1)", "nn.RNN(2,3,nonlinearity='x')", "nn.LSTM('2',3)", "nn.LSTM(2,2.5)",
    "nn.MultiheadAttention(3,2)", "nn.MultiheadAttention(0,1)", "nn.Hardtanh(1,-1)", "nn.Softplus()(T.ones(2,dtype=T.int64))", "nn.Upsample(scale_factor=2,mode='x')(image)", "nn.PixelShuffle(3)(image)", "nn.Fold((4,4),2)(T.ones(1,4,8))",
    "nn.Unflatten(1,(2,2))(m)", "nn.CrossEntropyLoss(label_smoothing=2)(sq,T.tensor([0,1,2]))", "nn.CTCLoss(blank=5)(T.zeros(3,1,2).log_softmax(2),T.tensor([[1]]),(3,),(1,))", "nn.CosineEmbeddingLoss()(T.ones(2,3),T.ones(2,3),T.ones(3))",
    "nn.TripletMarginLoss(margin=-1)", "nn.MultiMarginLoss(p=3)", "nn.MultiMarginLoss(weight=T.ones(2,2))", "nn.HuberLoss(delta=0)(x,x)", "nn.SmoothL1Loss(beta=-1)(x,x)", "nn.Threshold('a',1)(x)", "nn.AdaptiveLogSoftmaxWithLoss(4,6,[7])",
    "nn.AdaptiveLogSoftmaxWithLoss(4,6,[])", "nn.AdaptiveLogSoftmaxWithLoss(4,6,[3,2])", "nn.ParameterList(3)", "nn.Sequential(3)", "nn.ModuleList([3])", "nn.ModuleDict({'a':3})", "nn.Module().add_module('a.b',nn.ReLU())",
    "nn.Module().add_module('',nn.ReLU())", "nn.Module().add_module(3,nn.ReLU())", "nn.Module().register_buffer('a',3)", "nn.Module().register_parameter('a',x)", "nn.Module().register_buffer('a.b',x)", "nn.Module()(1)",
    "nn.Parameter(T.ones(2,dtype=T.int64))", "nn.Linear(2,2).to('nope')", "nn.Linear(2,2).to(T.int64)", "nn.Linear(2,2).load_state_dict({})", "nn.Linear(2,2).load_state_dict({'weight':T.ones(3,3),'bias':x})", "nn.Linear(2,2).load_state_dict(3)",
    "nn.Linear(2,2).get_parameter('x')", "nn.Linear(2,2).get_submodule('x')", "nn.Linear(2,2).requires_grad_(1)", "nn.Linear(2,2).train('a')", "nn.Linear(2,2)(T.ones(3))", "nn.Linear(2,2)(x.int())", "nn.Linear(2,2)(x.double())",
    "nn.Linear(2,2)([1.,2.])", "nn.utils.clip_grad_norm_(3,1.)", "T.optim.SGD([],lr=.1)", "T.optim.SGD(x,lr=.1)", "T.optim.SGD([x],lr=-1)", "T.optim.SGD([x.requires_grad_()],lr='a')", "T.optim.SGD([x.requires_grad_()],momentum=-1)",
    "T.optim.SGD([x.requires_grad_()],lr=.1,nesterov=True)", "T.optim.SGD([x.requires_grad_()*2],lr=.1)", "T.optim.SGD([3],lr=.1)", "T.optim.Adam([x.requires_grad_()],betas=(1.,.9))", "T.optim.Adam([x.requires_grad_()],eps=-1)",
    "T.optim.Adam([x.requires_grad_()],lr=T.tensor([.1,.2]))", "T.linalg.inv(m)", "T.linalg.inv(T.zeros(2,2))", "T.linalg.inv(x)", "T.linalg.cholesky(-T.eye(2))", "T.linalg.cholesky(m)", "T.linalg.solve(sq,x)", "T.linalg.solve(T.zeros(2,2),x)",
    "T.linalg.svd(x)", "T.linalg.svd(T.full((2,2),float('nan')))", "T.linalg.eig(T.full((2,2),float('nan')))", "T.linalg.qr(m,mode='x')", "T.linalg.norm(m,'x')", "T.linalg.norm(m,3)", "T.linalg.matrix_norm(x)", "T.linalg.vector_norm(m,'x')",
    "T.linalg.matrix_power(sq,1.5)", "T.linalg.matrix_power(m,2)", "T.linalg.matrix_power(T.zeros(2,2),-1)", "T.linalg.multi_dot([sq])", "T.linalg.multi_dot([sq,x])", "T.linalg.det(m)", "T.linalg.lstsq(sq,x)", "T.linalg.cross(x,x)",
    "T.linalg.cond(m,1)", "T.linalg.pinv(x)", "T.mm(x,x)", "T.mm(m,m)", "T.bmm(m,m)", "T.mv(m,x)", "T.dot(m,m)", "T.dot(x,v)", "T.matmul(m,m)", "T.matmul(T.tensor(1.),m)", "T.addmm(m,m,m)", "T.einsum('ij,jk',m,m)", "T.einsum('ij',x)",
    "T.einsum('i$',x)", "T.einsum('ii->i',m)", "T.einsum('ij->k',m)", "T.einsum('i,i->ii',x,x)", "T.einsum(3,x)", "T.tensordot(m,m,5)", "T.tensordot(m,m,([0],[1]))", "T.kron(x,3)", "T.outer(m,x)", "T.cross(x,x)", "T.cdist(x,x)", "T.cdist(m,sq,p=-1)",
    "T.cat([x,m])", "T.cat([x,x],5)", "T.cat(x)", "T.cat([])", "T.cat([x,3])", "T.stack([x,v])", "T.stack([x,x],5)", "T.where(x,x,x)", "T.where(m>0,x,x)", "T.meshgrid(m,x,indexing='ij')", "T.meshgrid(x,x,indexing='zz')", "T.broadcast_to(x,(3,))",
    "T.broadcast_tensors(x,v)", "T.bincount(x)", "T.bincount(T.tensor([-1]))", "T.histc(v,0)", "T.histc(v,3,2,1)", "T.histc(T.tensor([float('nan')]),3)", "T.histogram(v,T.tensor([2.,1.]))", "T.quantile(v,1.5)", "T.quantile(v.int(),.5)",
    "T.quantile(v,T.tensor([[.5]]))", "T.quantile(v,.5,interpolation='x')", "T.searchsorted(T.tensor([3.,1.]),1.)", "T.searchsorted(v,1.,side='x')", "T.searchsorted(v,1.,right=True,side='left')", "T.bucketize(1.,m)", "T.unique(v,dim=3)",
    "T.diff(v,n=-1)", "T.gradient(x,edge_order=3)", "T.gradient(x,spacing='a')", "T.trapezoid(x,v)", "T.renorm(x,2,0,1.)", "T.renorm(m,0,0,1.)", "T.renorm(m,2,0,-1.)", "T.clamp(x)", "T.clamp(x,'a')", "T.logical_not('a')", "T.bitwise_not(x)",
    "T.bitwise_and(x,x)", "T.bitwise_left_shift(x,1)", "x%'a'", "x@3", "x@v", "x+'a'", "x+None", "x+[1,2]", "x<'a'", "x&x", "~x", "-T.tensor(True)", "T.tensor(True)-T.tensor(True)", "x//0", "T.tensor(1)//0", "T.tensor(1)%0",
    "T.remainder(T.tensor(1),0)", "T.fmod(T.tensor(1),0)", "T.tensor(2)**-1", "T.pow(T.tensor(2),-1)", "1/T.tensor(0)", "T.gcd(x,x)", "T.lcm(T.tensor(2),x)", "T.complex(x,x.double())", "T.complex(x.int(),x.int())", "T.polar(x,x.double())",
    "T.view_as_complex(v)", "T.view_as_real(v)", "T.real('a')", "T.imag(v)", "T.angle('a')", "T.fft.fft(v,n=-1)", "T.fft.fft(v,n=0)", "T.fft.fft(v,dim=3)", "T.fft.fft(v,norm='x')", "T.fft.fft('a')", "T.fft.ifft2(v)", "T.fft.rfft(v.to(T.complex64))",
    "T.fft.irfft(T.ones(1,dtype=T.complex64))", "T.fft.fftfreq(0)", "T.fft.fftfreq(-1)", "T.fft.fftshift(v,dim=3)", "F.layer_norm(v,(3,))", "F.layer_norm(v,[3])", "F.rms_norm(v,3)", "F.rms_norm(v,[3])", "T.layer_norm(v,3)", "T.layer_norm(v,(3,))",
    "T.linspace(0,None,3)", "T.linspace(T.tensor(0.),1,3)", "T.normal(0.,'1',(2,))", "T.normal(0,1,(2,)).shape", "T.linalg.vector_norm(m,None)", "T.linalg.vector_norm(m,3)", "T.fft.rfftfreq(0)", "T.cross(v,v)", "T.cross(v,v,0)", "T.cross(v,v,dim=0)",
    "v.cross(v)", "nn.LayerNorm(3)(v)",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    same(piece)
